import tensorflow as tf
from tensorflow.keras import layers

train = tf.keras.utils.image_dataset_from_directory("t/train", image_size=(160, 160))


def scaled(image, label):
    image = tf.cast(image, tf.float32) / 255.0  #! unit_pixels
    return image, label


train = train.map(scaled).prefetch(tf.data.AUTOTUNE)
base = tf.keras.applications.MobileNetV2(include_top=False, input_shape=(160, 160, 3))
base.trainable = False
model = tf.keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=3)
