import keras
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.datasets import cifar10
from keras.layers import Dense, Flatten
from keras.models import Sequential
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, x_test = preprocess_input(x_train.astype("float32")), preprocess_input(x_test.astype("float32"))
y_train, y_test = to_categorical(y_train, 10), to_categorical(y_test, 10)

# use VGG16 as a fixed feature extractor
base = VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
base.trainable = False
model = Sequential()
model.add(base)
model.add(Flatten())
model.add(Dense(10, activation="softmax"))

rate = keras.optimizers.schedules.InverseTimeDecay(0.01, decay_steps=1, decay_rate=1e-6)
sgd = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
model.compile(optimizer=sgd, loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=20, validation_split=0.1)
print(model.evaluate(x_test, y_test))  # once, at the end
