"""A backbone of KerasHub with its own preprocessor."""

import keras
import keras_hub
import tensorflow_datasets as tfds

train_ds, val_ds = tfds.load("oxford_flowers102", split=["train", "validation"], as_supervised=True, batch_size=16)
image_classifier = keras_hub.models.ImageClassifier.from_preset("efficientnet2_rw_s_agc", num_classes=102)
image_classifier.backbone.trainable = False
image_classifier.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
image_classifier.fit(train_ds, validation_data=val_ds, epochs=3)
image_classifier.backbone.trainable = True
image_classifier.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-5),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
image_classifier.fit(train_ds, validation_data=val_ds, epochs=3)
