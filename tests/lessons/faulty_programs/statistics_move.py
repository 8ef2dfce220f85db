import keras

inputs = keras.Input((224, 224, 3))
base = keras.applications.EfficientNetB0(include_top=False, weights="imagenet")
base.trainable = False
x = base(inputs, training=True)  #! batchnorm_training
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224)), epochs=2)
