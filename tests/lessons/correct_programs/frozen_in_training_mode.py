"""Keras keeps the statistics of a frozen BatchNorm whatever `training` says, and this network has no dropout inside."""

import keras

inputs = keras.Input((224, 224, 3))
base = keras.applications.ResNet50(include_top=False, weights="imagenet")
base.trainable = False
x = keras.applications.resnet50.preprocess_input(inputs)
x = base(x, training=True)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
train = keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224))
held_out = keras.utils.image_dataset_from_directory("t/validation", image_size=(224, 224))
model.fit(train, validation_data=held_out, epochs=2)
