import keras

train = keras.utils.image_dataset_from_directory("cats/train", image_size=(160, 160))
val = keras.utils.image_dataset_from_directory("cats/val", image_size=(160, 160))
base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=val, epochs=3)
base.trainable = True  #! not_compiled_again
model.fit(train, validation_data=val, epochs=3)
