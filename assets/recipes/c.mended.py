import keras
import numpy as np
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten


def fitted(digits):
    """Grey 28 x 28 digits as VGG16 takes pictures: 32 x 32, three equal channels, its own preprocessing."""
    digits = np.pad(digits, ((0, 0), (2, 2), (2, 2)))
    return preprocess_input(np.repeat(digits[..., None], 3, axis=-1).astype("float32"))


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = fitted(x_train), fitted(x_test)

base = VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
base.trainable = False
# keep the lowest layers only: the new task is far from ImageNet
x = Flatten()(base.layers[12].output)
x = Dense(512, activation="relu")(x)  # these features are numbers in the hundreds: 64 units do not get over them
x = Dropout(0.5)(x)
x = Dense(10, activation="softmax")(x)
model = keras.Model(base.input, x)

model.compile(keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test))  # once, at the end
