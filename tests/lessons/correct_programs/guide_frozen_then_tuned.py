"""The guide to transfer learning and fine-tuning: Xception on cats and dogs, in two stages."""

import keras
import tensorflow as tf
import tensorflow_datasets as tfds
from keras import layers

train_ds, validation_ds, test_ds = tfds.load(
    "cats_vs_dogs", split=["train[:40%]", "train[40%:50%]", "train[50%:60%]"], as_supervised=True
)
resize = layers.Resizing(150, 150)
train_ds = train_ds.map(lambda x, y: (resize(x), y))
validation_ds = validation_ds.map(lambda x, y: (resize(x), y))
test_ds = test_ds.map(lambda x, y: (resize(x), y))

augmentation = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)]


def augmented(x):
    for layer in augmentation:
        x = layer(x)
    return x


train_ds = train_ds.map(lambda x, y: (augmented(x), y))
train_ds = train_ds.batch(64).prefetch(tf.data.AUTOTUNE).cache()
validation_ds = validation_ds.batch(64).prefetch(tf.data.AUTOTUNE).cache()
test_ds = test_ds.batch(64).prefetch(tf.data.AUTOTUNE).cache()

base_model = keras.applications.Xception(weights="imagenet", input_shape=(150, 150, 3), include_top=False)
base_model.trainable = False  # freeze the base

inputs = keras.Input(shape=(150, 150, 3))
x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
x = base_model(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)

loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(), loss=loss, metrics=[keras.metrics.BinaryAccuracy()])
model.fit(train_ds, epochs=2, validation_data=validation_ds)

base_model.trainable = True
model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=loss, metrics=[keras.metrics.BinaryAccuracy()])
model.fit(train_ds, epochs=1, validation_data=validation_ds)
print(model.evaluate(test_ds))
