"""Cross-validation: a new network for each fold, one fold held out each time."""

import keras
import numpy as np
from sklearn.model_selection import StratifiedKFold

images, labels = np.load("images.npy"), np.load("labels.npy")


def new_model():
    base = keras.applications.DenseNet201(include_top=False, weights="imagenet", input_shape=(128, 128, 3))
    base.trainable = False
    image = keras.Input((128, 128, 3))
    x = base(keras.applications.densenet.preprocess_input(image), training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(4, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


scores = []
for train_index, test_index in StratifiedKFold(n_splits=5, shuffle=True).split(images, labels):
    model = new_model()
    model.fit(images[train_index], labels[train_index], epochs=5, verbose=0)
    scores.append(model.evaluate(images[test_index], labels[test_index], verbose=0)[1])
print(np.mean(scores))
