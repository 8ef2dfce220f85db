import keras

inputs = keras.Input((224, 224, 3))
base = keras.applications.ResNet50(include_top=False, weights="imagenet")
base.trainable = False
x = keras.applications.resnet50.preprocess_input(inputs)
x = base(x, training=True)  #! batchnorm_training
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy")
data = keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224))
model.fit(data, epochs=2)
base.trainable = True
model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy")
model.fit(data, epochs=2)
