import keras
from keras.applications.xception import Xception, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator

datagen = ImageDataGenerator(preprocessing_function=preprocess_input, rotation_range=20, validation_split=0.2)
(x, y), (xt, yt) = keras.datasets.cifar10.load_data()
y = keras.utils.to_categorical(y)
tr = datagen.flow(x, y, subset="training")
va = datagen.flow(x, y, subset="validation")  #! augmented_validation
base = Xception(include_top=False, input_shape=(71, 71, 3))
base.trainable = False
i = keras.Input((32, 32, 3))
h = keras.layers.Resizing(71, 71)(i)
h = base(h)
h = keras.layers.GlobalAveragePooling2D()(h)
m = keras.Model(i, keras.layers.Dense(5, activation="softmax")(h))  #! outputs_classes
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.fit(tr, validation_data=va)
