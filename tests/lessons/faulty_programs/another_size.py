import keras
from tensorflow.keras.applications.vgg16 import VGG16, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator

IMG = 128
gen = ImageDataGenerator(preprocessing_function=preprocess_input)
train = gen.flow_from_directory("pets/train", batch_size=16)
base = VGG16(include_top=False, input_shape=(IMG, IMG, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=5)  #! picture_shape
