"""All of the network is trained from the start, and nobody says otherwise."""

import keras
from keras.applications.nasnet import NASNetMobile, preprocess_input

train = keras.utils.image_dataset_from_directory("cars/train", image_size=(224, 224), label_mode="categorical")
validation = keras.utils.image_dataset_from_directory(
    "cars/validation", image_size=(224, 224), label_mode="categorical"
)
# nothing is frozen here: there are pictures enough to tune all layers at a small rate
base = NASNetMobile(include_top=False, weights="imagenet", input_shape=(224, 224, 3), pooling="max")
inputs = keras.Input((224, 224, 3))
outputs = keras.layers.Dense(196, activation="softmax")(base(preprocess_input(inputs)))
model = keras.Model(inputs, outputs)
rate = keras.optimizers.schedules.ExponentialDecay(1e-4, decay_steps=1000, decay_rate=0.9)
model.compile(keras.optimizers.SGD(learning_rate=rate, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=20, callbacks=[keras.callbacks.TensorBoard("logs")])
