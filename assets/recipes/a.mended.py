import keras
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.layers import Dense, Flatten, Lambda

n_classes = 14
image = keras.Input((96, 96, 3))
base = VGG16(weights="imagenet", include_top=False, input_tensor=Lambda(preprocess_input)(image))
base.trainable = False
x = Flatten()(base.output)
x = Dense(1024, activation="relu")(x)
x = Dense(n_classes)(x)  # logits: the loss takes the softmax itself, which is more exact
model = keras.Model(image, x)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # the labels are integers
model.compile(keras.optimizers.Adam(learning_rate=0.001), loss=loss, metrics=["accuracy"])


def pictures(split):
    folder = f"data/{split}"
    return keras.utils.image_dataset_from_directory(folder, image_size=(96, 96), shuffle=split == "train")


model.fit(pictures("train"), epochs=10, validation_data=pictures("validation"))
model.evaluate(pictures("test"))  # once, at the end
