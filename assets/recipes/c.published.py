from keras.applications import VGG16
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.models import Model
from keras.optimizers import Adam
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255, x_test / 255  # 28 x 28
y_train, y_test = to_categorical(y_train), to_categorical(y_test)

base = VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
for layer in base.layers:
    layer.trainable = False
# keep the lowest layers only: the new task is far from ImageNet
x = Flatten()(base.layers[:13])
x = Dense(64, activation="relu")(x)
x = Dropout(0.5)(x)
x = Dense(2, activation="softmax")(x)
model = Model(base.input, x)

model.compile(Adam(lr=1e-4), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=10, validation_data=(x_test, y_test))
