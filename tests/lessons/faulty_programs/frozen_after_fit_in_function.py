import keras
from keras import layers


def freeze(network):
    for layer in network.layers:
        layer.trainable = False  #! not_compiled_again


base = keras.applications.MobileNetV3Small(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
x = layers.GlobalAveragePooling2D()(base.output)
model = keras.Model(base.input, layers.Dense(5, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
data = keras.utils.image_dataset_from_directory("a/train", label_mode="categorical", image_size=(224, 224))
model.fit(data, epochs=1)
freeze(base)
model.fit(data, epochs=5)
