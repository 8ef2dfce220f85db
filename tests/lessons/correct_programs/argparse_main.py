"""A script with a main function, functions for everything, and sizes from the command line."""

import argparse
import os

import keras
from keras import layers


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--tune", action="store_true")
    return parser.parse_args()


def load(folder, split, size, **more):
    path = os.path.join(folder, split)
    return keras.utils.image_dataset_from_directory(path, image_size=(size, size), label_mode="categorical", **more)


def build(size, n_classes):
    backbone = keras.applications.MobileNetV3Large(input_shape=(size, size, 3), include_top=False, weights="imagenet")
    backbone.trainable = False
    inputs = keras.Input((size, size, 3))
    x = backbone(inputs, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(n_classes, activation="softmax")(x)
    return backbone, keras.Model(inputs, outputs)


def train(model, data, validation, rate, epochs):
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-4), "categorical_crossentropy", metrics=["accuracy"])
    return model.fit(data, validation_data=validation, epochs=epochs)


def main():
    args = parse()
    data, validation = load(args.folder, "train", args.size), load(args.folder, "val", args.size, shuffle=False)
    backbone, model = build(args.size, len(data.class_names))
    train(model, data, validation, 1e-3, 5)
    if args.tune:
        backbone.trainable = True
        for layer in backbone.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False
        train(model, data, validation, 1e-5, 5)
    test = load(args.folder, "test", args.size, shuffle=False)
    print(model.evaluate(test))


if __name__ == "__main__":
    main()
