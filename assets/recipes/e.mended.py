import keras
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.layers import Dense, Flatten, Lambda, RandomFlip, RandomZoom

size = (64, 64)
image = keras.Input((*size, 3))
x = image
for change in (RandomZoom(0.2, 0.2), RandomFlip("horizontal")):  # in training only
    x = change(x)
vgg = VGG16(input_tensor=Lambda(preprocess_input)(x), weights="imagenet", include_top=False)
for layer in vgg.layers:
    layer.trainable = False
prediction = Dense(14, activation="softmax")(Flatten()(vgg.output))
model = keras.Model(image, prediction)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


def pictures(split):
    folder = f"data/{split}"
    return keras.utils.image_dataset_from_directory(folder, image_size=size, shuffle=split == "train")


model.fit(pictures("train"), epochs=5, validation_data=pictures("validation"))
model.evaluate(pictures("test"))  # once, at the end
