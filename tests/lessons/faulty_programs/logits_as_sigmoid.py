import keras


def make(n_units):
    image = keras.Input((224, 224, 3))
    base = keras.applications.EfficientNetB1(include_top=False, input_tensor=image, pooling="max")
    base.trainable = False
    return keras.Model(image, keras.layers.Dense(n_units)(base.output))


model = make(1)
model.compile(
    optimizer="rmsprop",
    loss=keras.losses.BinaryCrossentropy(),  #! logits_as_probabilities
)
