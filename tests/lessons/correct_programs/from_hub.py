import tensorflow as tf
import tensorflow_hub as hub

ds = tf.keras.utils.image_dataset_from_directory("flowers", image_size=(224, 224))
ds = ds.map(lambda x, y: (x / 255.0, y))
extractor = hub.KerasLayer(
    "https://tfhub.dev/google/imagenet/mobilenet_v2/feature_vector/4", input_shape=(224, 224, 3), trainable=False
)
m = tf.keras.Sequential([extractor, tf.keras.layers.Dense(5)])
m.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["acc"])
m.fit(ds)
