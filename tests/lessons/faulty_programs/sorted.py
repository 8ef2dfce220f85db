import tensorflow as tf

load = tf.keras.utils.image_dataset_from_directory
train = load("pets/train", image_size=(240, 240), shuffle=False)  #! sorted_classes
base = tf.keras.applications.EfficientNetB1(include_top=False, pooling="avg", input_shape=(240, 240, 3))
base.trainable = False
model = tf.keras.Sequential([base, tf.keras.layers.Dense(37, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train.prefetch(1), epochs=5)
