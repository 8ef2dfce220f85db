from keras.applications import VGG16
from keras.layers import Dense, Flatten
from keras.models import Model
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator

n_classes = 14
base = VGG16(weights="imagenet", include_top=False, input_shape=(96, 96, 3))
for layer in base.layers:
    layer.trainable = False
x = Flatten()(base.output)
x = Dense(1024, activation="relu")(x)
x = Dense(n_classes, activation="softmax")(x)
model = Model(base.input, x)
model.compile(Adam(lr=0.001), loss="categorical_crossentropy", metrics=["accuracy"])

pictures = ImageDataGenerator(rescale=1 / 255)
train = pictures.flow_from_directory("data/train", (96, 96), class_mode="sparse", batch_size=32)
test = pictures.flow_from_directory("data/test", (96, 96), class_mode="sparse", batch_size=32)
model.fit_generator(train, epochs=10, validation_data=test)
