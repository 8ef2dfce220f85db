"""Freezing between `compile` and the first `fit` is in time; so is compiling again after each change."""

import keras
from keras.applications import EfficientNetB3

base = EfficientNetB3(include_top=False, weights="imagenet", pooling="avg", input_shape=(300, 300, 3))
model = keras.Sequential([base, keras.layers.Dropout(0.4), keras.layers.Dense(7, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
base.trainable = False
train = keras.utils.image_dataset_from_directory("skin/train", image_size=(300, 300))
validation = keras.utils.image_dataset_from_directory("skin/validation", image_size=(300, 300))
model.fit(train, validation_data=validation, epochs=3)

base.trainable = True
for layer in base.layers[:-30]:
    layer.trainable = False
model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=3)
base.trainable = False  # for the export
model.save("skin.keras")
