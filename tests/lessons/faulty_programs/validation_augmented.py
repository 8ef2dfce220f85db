import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator

gen = ImageDataGenerator(
    preprocessing_function=tf.keras.applications.mobilenet.preprocess_input,
    rotation_range=30,
    horizontal_flip=True,
    validation_split=0.2,
)
train = gen.flow_from_directory("pets", target_size=(224, 224), subset="training")
val = gen.flow_from_directory("pets", target_size=(224, 224), subset="validation")  #! augmented_validation
base = tf.keras.applications.MobileNet(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
model = tf.keras.Sequential([base, tf.keras.layers.Dense(37, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=val, epochs=5)
