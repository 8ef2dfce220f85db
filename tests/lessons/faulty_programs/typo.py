import keras

base = keras.applications.ResNet50(include_top=False, weights="imagenet", pooling="avg")
base.trainble = False  #! misspelled
inputs = keras.Input((224, 224, 3))
x = base(keras.applications.resnet50.preprocess_input(inputs))
model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x))
