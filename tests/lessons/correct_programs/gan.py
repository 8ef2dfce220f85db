"""A discriminator that stands still while the generator learns: it was compiled before."""

import keras
import numpy as np
from keras import layers

discriminator = keras.Sequential(
    [keras.Input((28, 28, 1)), layers.Conv2D(64, 3), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
)
discriminator.compile(optimizer=keras.optimizers.Adam(4e-4), loss="binary_crossentropy")
generator = keras.Sequential([keras.Input((32,)), layers.Dense(784, activation="sigmoid"), layers.Reshape((28, 28, 1))])
discriminator.trainable = False
noise = keras.Input(shape=(32,))
gan = keras.Model(noise, discriminator(generator(noise)))
gan.compile(optimizer=keras.optimizers.Adam(2e-4), loss="binary_crossentropy")
(real, _), _ = keras.datasets.mnist.load_data()
for step in range(1000):
    latent = np.random.default_rng(step).normal(size=(20, 32))
    pictures = np.concatenate([generator.predict(latent), real[:20, ..., None] / 255.0])
    d_loss = discriminator.train_on_batch(pictures, np.concatenate([np.ones((20, 1)), np.zeros((20, 1))]))
    a_loss = gan.train_on_batch(latent, np.zeros((20, 1)))
