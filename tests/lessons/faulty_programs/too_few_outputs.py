import keras
from keras.applications.resnet50 import ResNet50, preprocess_input

(x, y), _ = keras.datasets.cifar10.load_data()
base = ResNet50(include_top=False, pooling="avg", input_shape=(32, 32, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(9, activation="softmax")])  #! outputs_few
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(preprocess_input(x.astype("float32")), y, epochs=2)
