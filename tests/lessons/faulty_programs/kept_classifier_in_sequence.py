from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential

base = MobileNetV2(weights="imagenet")
base.trainable = False
model = Sequential()
model.add(base)
model.add(Dense(4, activation="softmax"))  #! top_kept
model.compile("adam", "sparse_categorical_crossentropy")
