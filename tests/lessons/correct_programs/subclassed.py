"""A model as a class of its own, with a frozen ResNet50."""

import keras
from keras import layers


class Classifier(keras.Model):
    def __init__(self, n_classes, **kwargs):
        super().__init__(**kwargs)
        self.augment = keras.Sequential([layers.RandomFlip(), layers.RandomZoom(0.1)])
        self.backbone = keras.applications.ResNet50(include_top=False, weights="imagenet", pooling="avg")
        self.backbone.trainable = False
        self.dropout = layers.Dropout(0.3)
        self.classifier = layers.Dense(n_classes, activation="softmax")

    def call(self, inputs, training=False):
        x = self.augment(inputs, training=training)
        x = keras.applications.resnet50.preprocess_input(x)
        x = self.backbone(x, training=False)
        x = self.dropout(x, training=training)
        return self.classifier(x)

    def unfreeze(self):
        self.backbone.trainable = True


train = keras.utils.image_dataset_from_directory("birds/train", image_size=(224, 224), label_mode="int")
validation = keras.utils.image_dataset_from_directory("birds/val", image_size=(224, 224), label_mode="int")
model = Classifier(20)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=5)
model.unfreeze()
model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=5)
