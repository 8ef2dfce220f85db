from tensorflow.keras.applications import ResNet50
from tensorflow.keras.preprocessing.image import ImageDataGenerator
import tensorflow as tf

gen = ImageDataGenerator(
    preprocessing_function=tf.keras.applications.mobilenet_v2.preprocess_input  #! other_preprocessing
)
train = gen.flow_from_directory("data/train", target_size=(224, 224), class_mode="sparse")
base = ResNet50(include_top=False, weights="imagenet", pooling="avg")
base.trainable = False
out = tf.keras.layers.Dense(4, activation="softmax")(base.output)
model = tf.keras.models.Model(inputs=base.input, outputs=out)
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])  #! integer_labels
model.fit(train, epochs=3)
[setattr(l, "trainable", True) for l in base.layers]  #! not_compiled_again
model.fit(train, epochs=3)
