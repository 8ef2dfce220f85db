import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator

gen = ImageDataGenerator(preprocessing_function=tf.keras.applications.vgg19.preprocess_input)
train = gen.flow_from_directory("t/train", target_size=(224, 224), class_mode="binary")
base = tf.keras.applications.VGG19(include_top=False, input_shape=(224, 224, 3), pooling="avg")
base.trainable = False
model = tf.keras.Sequential([base, tf.keras.layers.Dense(2, activation="softmax")])
model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])  #! binary_labels
model.fit(train, epochs=3)
