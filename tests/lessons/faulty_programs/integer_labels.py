import keras
from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input

(x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
x = preprocess_input(x.astype("float32"))
model = MobileNetV2(weights=None, classes=10, input_shape=(32, 32, 3))
head = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
head.compile("adam", "categorical_crossentropy", metrics=["accuracy"])  #! integer_labels
head.fit(x, y, epochs=3, validation_split=0.1)
