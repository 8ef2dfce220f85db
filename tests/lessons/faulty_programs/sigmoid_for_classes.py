import keras

base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
out = keras.layers.Dense(8, activation="sigmoid")(base.output)  #! sigmoid_of_many
model = keras.Model(base.input, out)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
