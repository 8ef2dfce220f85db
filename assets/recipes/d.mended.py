import keras
from keras.applications.mobilenet_v2 import MobileNetV2
from keras.layers import Dense, GlobalAveragePooling2D, Rescaling

n_classes = 14
image = keras.Input((160, 160, 3))
base = MobileNetV2(weights="imagenet", include_top=False, input_tensor=Rescaling(1 / 127.5, offset=-1)(image))
x = GlobalAveragePooling2D()(base.output)
x = Dense(1024, activation="relu")(x)
x = Dense(n_classes, activation="softmax")(x)
model = keras.Model(image, x)
base.trainable = False
model.compile(keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def pictures(split):
    folder = f"data/{split}"
    return keras.utils.image_dataset_from_directory(folder, image_size=(160, 160), shuffle=split == "train")


model.fit(pictures("train"), epochs=5, validation_data=pictures("validation"))
model.evaluate(pictures("test"))  # once, at the end
