import keras

# EfficientNet is used as a frozen feature extractor
base = keras.applications.EfficientNetB4(include_top=False, pooling="avg")  #! never_frozen
model = keras.Sequential([base, keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(keras.utils.image_dataset_from_directory("t/train", image_size=(380, 380)), epochs=2)
