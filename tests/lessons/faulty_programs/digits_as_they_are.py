import keras
from keras.applications.vgg16 import VGG16, preprocess_input

(x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
base = VGG16(include_top=False, input_shape=(32, 32, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(preprocess_input(x.astype("float32")), y, epochs=2)  #! picture_shape
