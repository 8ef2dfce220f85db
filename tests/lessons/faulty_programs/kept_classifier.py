import keras

base = keras.applications.VGG16(weights="imagenet")
base.trainable = False
outputs = keras.layers.Dense(4, activation="softmax")(base.output)  #! top_kept
model = keras.Model(base.input, outputs)
