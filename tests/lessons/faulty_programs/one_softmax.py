import keras

base = keras.applications.ResNet101(include_top=False, pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(1, activation="softmax")])  #! softmax_one
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
