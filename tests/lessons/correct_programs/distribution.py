"""Under a strategy, with mixed precision, a schedule, and a function that makes the model."""

import keras
import tensorflow as tf

keras.mixed_precision.set_global_policy("mixed_float16")
AUTO, SIZE, CLASSES = tf.data.AUTOTUNE, (331, 331), 104
strategy = tf.distribute.MirroredStrategy()


def decode(example):
    features = tf.io.parse_single_example(example, {"image": tf.io.FixedLenFeature([], tf.string)})
    image = tf.image.decode_jpeg(features["image"], channels=3)
    image = tf.cast(image, tf.float32) / 255.0
    return tf.reshape(image, [*SIZE, 3])


def get_dataset(files):
    return tf.data.TFRecordDataset(files, num_parallel_reads=AUTO).map(decode).batch(16).prefetch(AUTO)


def lrfn(epoch):
    return 1e-5 + epoch * 1e-5 if epoch < 5 else 6e-5 * 0.8 ** (epoch - 5)


with strategy.scope():
    pretrained = keras.applications.Xception(weights="imagenet", include_top=False, input_shape=[*SIZE, 3])
    pretrained.trainable = True
    model = keras.Sequential(
        [
            keras.layers.Rescaling(2.0, offset=-1.0),  # the records hold 0 to 1
            pretrained,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(CLASSES, activation="softmax", dtype="float32"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
model.fit(
    get_dataset("train.tfrec"),
    validation_data=get_dataset("val.tfrec"),
    epochs=12,
    callbacks=[keras.callbacks.LearningRateScheduler(lrfn, verbose=True)],
)
