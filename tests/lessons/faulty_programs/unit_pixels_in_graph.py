import keras
from keras import layers

inputs = keras.Input((224, 224, 3))
x = layers.RandomFlip()(inputs)
x = layers.Rescaling(1.0 / 255)(x)  #! unit_pixels
base = keras.applications.ResNet50(include_top=False, weights="imagenet")
base.trainable = False
x = layers.GlobalAveragePooling2D()(base(x, training=False))
model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224)), epochs=2)
