"""Several networks side by side, each with what it wants."""

import keras
from keras.applications import (
    convnext,
    efficientnet_v2,
    mobilenet,
    vgg16,
)

CANDIDATES = {
    "vgg16": (vgg16.VGG16, vgg16.preprocess_input),
    "mobilenet": (mobilenet.MobileNet, mobilenet.preprocess_input),
    "efficientnet": (efficientnet_v2.EfficientNetV2S, efficientnet_v2.preprocess_input),
    "convnext": (convnext.ConvNeXtTiny, convnext.preprocess_input),
}
train, validation = keras.utils.image_dataset_from_directory(
    "leaves", validation_split=0.2, subset="both", seed=1, image_size=(224, 224)
)
scores = {}
for name, (network, preprocess) in CANDIDATES.items():
    base = network(include_top=False, weights="imagenet", input_shape=(224, 224, 3), pooling="avg")
    base.trainable = False
    image = keras.Input((224, 224, 3))
    model = keras.Model(image, keras.layers.Dense(38, activation="softmax")(base(preprocess(image), training=False)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train, validation_data=validation, epochs=3)
    scores[name] = max(history.history["val_accuracy"])
print(scores)
