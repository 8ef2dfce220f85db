import keras

base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
model = keras.Sequential()
model.add(base)
model.add(keras.layers.Dense(8))
model.add(keras.layers.Softmax())
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  #! probabilities_as_logits
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
