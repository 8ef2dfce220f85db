import keras
from tensorflow.keras.applications import vgg16
from tensorflow.keras.preprocessing.image import ImageDataGenerator


class Trainer:
    def __init__(self, folder, n_classes=3):
        self.folder = folder
        self.base = vgg16.VGG16(include_top=False, weights="imagenet", input_shape=(64, 64, 3))
        x = keras.layers.Flatten()(self.base.output)
        self.model = keras.Model(self.base.input, keras.layers.Dense(n_classes, activation="softmax")(x))
        self.model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])

    def pictures(self, split):
        generator = ImageDataGenerator(rescale=1 / 255)  #! unit_pixels
        return generator.flow_from_directory(self.folder + split, target_size=(64, 64))

    def run(self):
        self.model.fit(self.pictures("train"), epochs=2)
        self.base.trainable = False  #! not_compiled_again
        self.model.fit(self.pictures("train"), epochs=2)


Trainer("pets/").run()
