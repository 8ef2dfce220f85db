import keras
from sklearn.model_selection import train_test_split
import numpy as np

X, y = np.load("x.npy"), np.load("y.npy")
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2)
base = keras.applications.VGG16(include_top=False, input_shape=(48, 48, 3))
for layer in base.layers:
    layer.trainable = False
x = keras.layers.Flatten()(base.output)
m = keras.Model(base.input, keras.layers.Dense(7, activation="softmax")(x))
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.fit(X_train, y_train, validation_data=(X_val, y_val))
print(m.evaluate(X_val, y_val))
for layer in base.layers[-4:]:
    layer.trainable = True
m.compile(keras.optimizers.Adam(1e-5), "categorical_crossentropy", metrics=["accuracy"])
m.fit(X_train, y_train, validation_data=(X_val, y_val))
