import tensorflow as tf

base = tf.keras.applications.MobileNetV2(include_top=False, pooling="avg")
base.trainable = False
model = tf.keras.Sequential([base, tf.keras.layers.Dropout(0.2), tf.keras.layers.Dense(10)])
model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])  #! logits_as_probabilities
