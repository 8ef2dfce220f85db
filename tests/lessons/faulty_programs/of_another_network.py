import keras
from keras.applications import vgg16
from keras.applications.inception_v3 import InceptionV3

inputs = keras.Input((299, 299, 3))
x = vgg16.preprocess_input(inputs)  #! other_preprocessing
base = InceptionV3(include_top=False, weights="imagenet", pooling="avg")
base.trainable = False
model = keras.Model(inputs, keras.layers.Dense(6, activation="softmax")(base(x, training=False)))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(keras.utils.image_dataset_from_directory("t/train", image_size=(299, 299)))
