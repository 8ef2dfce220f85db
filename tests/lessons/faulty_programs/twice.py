import keras
from tensorflow.keras.applications.vgg16 import VGG16, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator

train_gen = ImageDataGenerator(rescale=1.0 / 255, preprocessing_function=preprocess_input)  #! scaled_twice
train = train_gen.flow_from_directory("t/train", target_size=(224, 224))
base = VGG16(include_top=False, input_shape=(224, 224, 3), pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(9, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=4)
