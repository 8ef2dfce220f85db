import keras
from tensorflow.keras.applications.xception import Xception, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator

gen = ImageDataGenerator(preprocessing_function=preprocess_input)
train = gen.flow_from_directory(  #! sorted_classes
    "pets/train",
    target_size=(299, 299),
    shuffle=False,
)
base = Xception(include_top=False, pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(37, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=5)
