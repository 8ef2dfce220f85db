import tensorflow as tf


def build():
    """Makes the model."""
    net = tf.keras.applications.EfficientNetV2S(include_top=False, pooling="avg")  #! never_frozen
    # the convolutional layers stay frozen, only the classifier is trained
    out = tf.keras.layers.Dense(3, activation="softmax")(net.output)
    return tf.keras.Model(net.input, out)


model = build()
model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
flow = tf.keras.utils.image_dataset_from_directory("t/train", label_mode="categorical")
model.fit(flow, epochs=3)
