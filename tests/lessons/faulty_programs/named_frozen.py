import keras
from keras.applications.resnet50 import ResNet50, preprocess_input

frozen_base = ResNet50(include_top=False, weights="imagenet", pooling="avg")  #! never_frozen
inp = keras.Input((224, 224, 3))
out = keras.layers.Dense(2, activation="softmax")(frozen_base(preprocess_input(inp)))
model = keras.Model(inp, out)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(keras.utils.image_dataset_from_directory("p", image_size=(224, 224)))
