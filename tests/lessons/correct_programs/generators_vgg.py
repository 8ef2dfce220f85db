"""VGG16 with generators: the training pictures are augmented, those of validation are not; all are preprocessed."""

from tensorflow.keras.applications.vgg16 import VGG16, preprocess_input
from tensorflow.keras.layers import Dense, Dropout, Flatten
from tensorflow.keras.models import Sequential
from tensorflow.keras.optimizers import RMSprop
from tensorflow.keras.preprocessing.image import ImageDataGenerator

conv_base = VGG16(weights="imagenet", include_top=False, input_shape=(150, 150, 3))
conv_base.trainable = False

model = Sequential()
model.add(conv_base)
model.add(Flatten())
model.add(Dense(256, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(1, activation="sigmoid"))

train_datagen = ImageDataGenerator(
    preprocessing_function=preprocess_input,
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    fill_mode="nearest",
)
test_datagen = ImageDataGenerator(preprocessing_function=preprocess_input)
train_generator = train_datagen.flow_from_directory(
    "data/train", target_size=(150, 150), batch_size=20, class_mode="binary"
)
validation_generator = test_datagen.flow_from_directory(
    "data/validation", target_size=(150, 150), batch_size=20, class_mode="binary", shuffle=False
)
model.compile(loss="binary_crossentropy", optimizer=RMSprop(learning_rate=2e-5), metrics=["acc"])
history = model.fit(train_generator, epochs=30, validation_data=validation_generator)

conv_base.trainable = True
set_trainable = False
for layer in conv_base.layers:
    if layer.name == "block5_conv1":
        set_trainable = True
    if set_trainable:
        layer.trainable = True
    else:
        layer.trainable = False
model.compile(loss="binary_crossentropy", optimizer=RMSprop(learning_rate=1e-5), metrics=["acc"])
history = model.fit(train_generator, epochs=100, validation_data=validation_generator)

test_generator = test_datagen.flow_from_directory(
    "data/test", target_size=(150, 150), batch_size=20, class_mode="binary"
)
print(model.evaluate(test_generator))
