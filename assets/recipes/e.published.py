from keras.applications.vgg16 import VGG16, preprocess_input
from keras.layers import Dense, Flatten
from keras.models import Model
from keras.preprocessing.image import ImageDataGenerator

size = (64, 64)
vgg = VGG16(input_shape=[*size, 3], weights="imagenet", include_top=False)
for layer in vgg.layers:
    layer.trainable = False
prediction = Dense(14, activation="softmax")(Flatten()(vgg.output))
model = Model(inputs=vgg.input, outputs=prediction)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

train_pictures = ImageDataGenerator(rescale=1 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
test_pictures = ImageDataGenerator(rescale=1 / 255)
train = train_pictures.flow_from_directory("data/train", size, batch_size=32)
test = test_pictures.flow_from_directory("data/test", size, batch_size=32)
model.fit_generator(train, validation_data=test, epochs=5, steps_per_epoch=len(train), validation_steps=len(test))
