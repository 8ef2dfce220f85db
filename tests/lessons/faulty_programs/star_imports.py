from keras.applications import VGG16
from keras.preprocessing.image import img_to_array, load_img
from keras.layers import *
from keras.models import *
import numpy as np, os

X, y = [], []
for f in os.listdir("imgs"):
    im = img_to_array(load_img("imgs/" + f, target_size=(64, 64)))
    X.append(im)
    y.append(0)
X = np.array(X, dtype="float32") / 255
base = VGG16(include_top=False, weights="imagenet", input_shape=(64, 64, 3))
for layer in base.layers:
    layer.trianable = False  #! misspelled
model = Sequential()
model.add(base)
model.add(Flatten())
model.add(Dense(3, activation="sigmoid"))  #! sigmoid_of_many
model.compile(optimizer="adam", loss="categorical_crossentropy")
