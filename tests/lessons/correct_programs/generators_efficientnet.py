from tensorflow.keras.applications.efficientnet import EfficientNetB0, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model

g = ImageDataGenerator(preprocessing_function=preprocess_input, horizontal_flip=True)
v = ImageDataGenerator(preprocessing_function=preprocess_input)
tr = g.flow_from_directory("d/train", target_size=(224, 224), class_mode="categorical")
va = v.flow_from_directory("d/val", target_size=(224, 224), class_mode="categorical", shuffle=False)
base = EfficientNetB0(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
base.trainable = False
x = GlobalAveragePooling2D()(base.output)
out = Dense(tr.num_classes, activation="softmax")(x)
m = Model(base.input, out)
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.fit(tr, validation_data=va, epochs=3)
pred = m.predict(va).argmax(1)
