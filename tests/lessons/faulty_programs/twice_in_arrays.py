import keras
from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input

(x, y), _ = keras.datasets.cifar10.load_data()
x = x.astype("float32") / 255.0
x = preprocess_input(x)  #! scaled_twice
base = MobileNetV2(include_top=False, input_shape=(32, 32, 3), pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, validation_split=0.2, epochs=4)
