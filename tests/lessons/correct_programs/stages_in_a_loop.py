"""Block by block: each stage unfreezes one more, compiles again, and goes on."""

import keras
from keras.applications.vgg16 import VGG16, preprocess_input

train = keras.utils.image_dataset_from_directory("food/train", image_size=(128, 128))
valid = keras.utils.image_dataset_from_directory("food/valid", image_size=(128, 128))
base = VGG16(include_top=False, input_shape=(128, 128, 3))
base.trainable = False
inputs = keras.Input((128, 128, 3))
x = base(preprocess_input(inputs))
x = keras.layers.GlobalMaxPooling2D()(x)
outputs = keras.layers.Dense(11, activation="softmax")(x)
model = keras.Model(inputs, outputs)

for stage, prefix in enumerate(["none", "block5", "block4", "block3"]):
    base.trainable = True
    for layer in base.layers:
        layer.trainable = stage > 0 and layer.name >= prefix
    rate = 1e-3 if stage == 0 else 1e-5
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, validation_data=valid, epochs=2)
