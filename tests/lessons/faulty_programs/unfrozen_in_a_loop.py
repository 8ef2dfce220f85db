import keras

base = keras.applications.ConvNeXtTiny(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
data = keras.utils.image_dataset_from_directory("x/train", image_size=(224, 224))
for n in (10, 20, 40):
    model.fit(data, epochs=2)
    for layer in base.layers[-n:]:
        if not isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = True  #! not_compiled_again
