import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator

gen = ImageDataGenerator(preprocessing_function=tf.keras.applications.densenet.preprocess_input)
train = gen.flow_from_directory("t/train", target_size=(224, 224), class_mode="categorical")
base = tf.keras.applications.DenseNet121(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
base.trainable = False
out = tf.keras.layers.Dense(5, activation="softmax")(tf.keras.layers.GlobalAveragePooling2D()(base.output))
model = tf.keras.Model(base.input, out)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])  #! onehot_labels
model.fit(train, epochs=3)
