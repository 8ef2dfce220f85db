"""CIFAR-10 made larger for ResNet50V2, with a part of the training pictures for validation."""

import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.applications.resnet_v2 import ResNet50V2, preprocess_input

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train = preprocess_input(x_train.astype(np.float32))
x_test = preprocess_input(x_test.astype(np.float32))
y_train = keras.utils.to_categorical(y_train, num_classes=10)
y_test = keras.utils.to_categorical(y_test, num_classes=10)
x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.1, random_state=1)

base = ResNet50V2(include_top=False, weights="imagenet", input_shape=(96, 96, 3))
for layer in base.layers:
    layer.trainable = False

model = keras.Sequential(
    [
        layers.Input((32, 32, 3)),
        layers.Resizing(96, 96),
        base,
        layers.GlobalAveragePooling2D(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_data=(x_val, y_val), callbacks=[stop])
loss, accuracy = model.evaluate(x_test, y_test)
print(history.history["val_accuracy"][-1], accuracy)
