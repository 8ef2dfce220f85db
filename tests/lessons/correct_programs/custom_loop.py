"""Fine-tuning with a loop of one's own: only trainable weights get gradients."""

import keras
import tensorflow as tf

base_model = keras.applications.Xception(weights="imagenet", input_shape=(150, 150, 3), include_top=False)
base_model.trainable = False
inputs = keras.Input(shape=(150, 150, 3))
x = keras.applications.xception.preprocess_input(inputs)
x = base_model(x, training=False)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(3)(x))

dataset = keras.utils.image_dataset_from_directory("flowers/train", image_size=(150, 150))
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(1e-3)


@tf.function
def step(images, targets):
    with tf.GradientTape() as tape:
        loss_value = loss_fn(targets, model(images, training=True))
    gradients = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    return loss_value


for epoch in range(5):
    for images, targets in dataset:
        loss_value = step(images, targets)
    print(epoch, float(loss_value))
    if epoch == 2:
        base_model.trainable = True
        optimizer.learning_rate = 1e-5
