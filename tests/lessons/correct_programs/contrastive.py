"""A triplet of pictures through one network, with a training step of its own."""

import keras
import tensorflow as tf
from keras import layers
from keras.applications import resnet

target_shape = (200, 200)
base_cnn = resnet.ResNet50(weights="imagenet", input_shape=target_shape + (3,), include_top=False)
flatten = layers.Flatten()(base_cnn.output)
dense = layers.BatchNormalization()(layers.Dense(512, activation="relu")(flatten))
embedding = keras.Model(base_cnn.input, layers.Dense(256)(dense), name="Embedding")
trainable = False
for layer in base_cnn.layers:
    if layer.name == "conv5_block1_out":
        trainable = True
    layer.trainable = trainable


class Distance(layers.Layer):
    def call(self, anchor, positive, negative):
        near = tf.reduce_sum(tf.square(anchor - positive), -1)
        return near, tf.reduce_sum(tf.square(anchor - negative), -1)


inputs = [layers.Input(name=name, shape=target_shape + (3,)) for name in ("anchor", "positive", "negative")]
distances = Distance()(*(embedding(resnet.preprocess_input(one)) for one in inputs))
siamese_network = keras.Model(inputs=inputs, outputs=distances)


class Siamese(keras.Model):
    def __init__(self, network, margin=0.5):
        super().__init__()
        self.network, self.margin = network, margin

    def train_step(self, data):
        with tf.GradientTape() as tape:
            near, far = self.network(data)
            loss = tf.maximum(near - far + self.margin, 0.0)
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights, strict=True))
        return {"loss": loss}


model = Siamese(siamese_network)
model.compile(optimizer=keras.optimizers.Adam(0.0001), weighted_metrics=[])
