"""Preprocessing written out by hand: a function for the generator, and the mean that VGG takes away."""

import numpy as np
from tensorflow.keras import layers, models
from tensorflow.keras.applications import VGG16, InceptionResNetV2
from tensorflow.keras.preprocessing.image import ImageDataGenerator

MEAN = np.array([103.939, 116.779, 123.68])


def to_bgr(image):
    image = image[..., ::-1]
    return image - MEAN


def between_minus_one_and_one(image):
    return image / 127.5 - 1.0


def network(base, n_classes):
    base.trainable = False
    head = layers.Dense(n_classes, activation="softmax")(layers.GlobalAveragePooling2D()(base.output))
    model = models.Model(base.input, head)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


vgg = network(VGG16(include_top=False, weights="imagenet", input_shape=(224, 224, 3)), 5)
flow = ImageDataGenerator(preprocessing_function=to_bgr).flow_from_directory("train", target_size=(224, 224))
vgg.fit(flow, epochs=2)

inception = network(InceptionResNetV2(include_top=False, weights="imagenet", input_shape=(299, 299, 3)), 5)
generator = ImageDataGenerator(preprocessing_function=between_minus_one_and_one)
inception.fit(generator.flow_from_directory("train", target_size=(299, 299)), epochs=2)
