"""The two top blocks of InceptionV3, as the page of Keras Applications has it."""

from keras.applications.inception_v3 import InceptionV3, preprocess_input
from keras.layers import Dense, GlobalAveragePooling2D
from keras.models import Model
from keras.optimizers import SGD
from keras.utils import image_dataset_from_directory


def pictures(folder, shuffle):
    found = image_dataset_from_directory(folder, label_mode="categorical", image_size=(299, 299), shuffle=shuffle)
    return found.map(lambda x, y: (preprocess_input(x), y))


train, validation = pictures("shops/train", True), pictures("shops/valid", False)
base_model = InceptionV3(weights="imagenet", include_top=False)
x = base_model.output
x = GlobalAveragePooling2D()(x)
x = Dense(1024, activation="relu")(x)
predictions = Dense(200, activation="softmax")(x)
model = Model(inputs=base_model.input, outputs=predictions)

# first: train only the top layers, i.e. freeze all convolutional layers
for layer in base_model.layers:
    layer.trainable = False
model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
model.fit(train, epochs=5, validation_data=validation)

for i, layer in enumerate(base_model.layers):
    print(i, layer.name)
for layer in model.layers[:249]:
    layer.trainable = False
for layer in model.layers[249:]:
    layer.trainable = True
model.compile(optimizer=SGD(learning_rate=0.0001, momentum=0.9), loss="categorical_crossentropy")
model.fit(train, epochs=5, validation_data=validation)
