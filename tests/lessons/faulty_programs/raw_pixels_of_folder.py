import keras

train = keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224))
valid = keras.utils.image_dataset_from_directory("t/valid", image_size=(224, 224))
base = keras.applications.ResNet50V2(include_top=False, pooling="avg", input_shape=(224, 224, 3))  #! no_preprocessing
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(5, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=valid, epochs=3)
