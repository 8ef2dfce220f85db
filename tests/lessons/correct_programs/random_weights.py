"""Without pretrained weights any scale will do: a ResNet from scratch on pictures between 0 and 1, and a U-Net."""

import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar100.load_data()
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255

model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=100)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=30, validation_split=0.1)
print(model.evaluate(x_test, y_test))

inputs = keras.Input((128, 128, 3))
down = layers.Conv2D(32, 3, padding="same", activation="relu")(inputs)
small = layers.Conv2D(64, 3, padding="same", activation="relu")(layers.MaxPooling2D()(down))
up = layers.concatenate([layers.UpSampling2D()(small), down])
masks = layers.Conv2D(3, 1, activation="softmax")(up)
unet = keras.Model(inputs, masks)
unet.compile("rmsprop", "sparse_categorical_crossentropy")
