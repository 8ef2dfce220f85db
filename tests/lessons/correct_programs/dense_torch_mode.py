"""DenseNet121 on X-rays, grey pictures read as colour ones, classes weighed, two outputs."""

import keras
from keras import layers
from keras.applications import densenet

SIZE = 224


def dataset(split, training):
    return keras.utils.image_dataset_from_directory(
        "chest_xray/" + split, image_size=(SIZE, SIZE), batch_size=32, shuffle=training, color_mode="rgb"
    )


image = keras.Input((SIZE, SIZE, 3))
x = layers.Lambda(densenet.preprocess_input)(image)
backbone = densenet.DenseNet121(include_top=False, weights="imagenet", pooling="avg")
backbone.trainable = False
x = backbone(x, training=False)
x = layers.Dropout(0.2)(x)
logits = layers.Dense(2)(x)
model = keras.Model(image, layers.Softmax()(logits))
model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
model.fit(dataset("train", True), validation_data=dataset("val", False), epochs=4, class_weight={0: 1.9, 1: 0.7})
print(model.evaluate(dataset("test", False)))
