import tensorflow as tf
from tensorflow.keras import layers

train = tf.keras.preprocessing.image_dataset_from_directory("d/train", image_size=(224, 224))
norm = layers.Rescaling(1.0 / 255)  #! unit_pixels
train = train.map(lambda x, y: (norm(x), y))
base = tf.keras.applications.resnet.ResNet50(include_top=False, input_shape=(224, 224, 3))
base.trainable = False
model = tf.keras.models.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=3)
