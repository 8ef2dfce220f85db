"""Pictures read one by one with OpenCV, preprocessed at the end, one-hot labels by scikit-learn."""

import os

import cv2
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.applications.mobilenet_v2 import preprocess_input
from tensorflow.keras.layers import AveragePooling2D, Dense, Dropout, Flatten, Input
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img

data, labels = [], []
for category in os.listdir("dataset"):
    for name in os.listdir(os.path.join("dataset", category)):
        image = load_img(os.path.join("dataset", category, name), target_size=(224, 224))
        image = img_to_array(image)
        image = preprocess_input(image)
        data.append(image)
        labels.append(category)
data = np.array(data, dtype="float32")
labels = LabelBinarizer().fit_transform(np.array(labels))
(trainX, testX, trainY, testY) = train_test_split(data, labels, test_size=0.2, stratify=labels, random_state=42)
(trainX, valX, trainY, valY) = train_test_split(trainX, trainY, test_size=0.2, random_state=42)

aug = ImageDataGenerator(rotation_range=20, zoom_range=0.15, horizontal_flip=True, fill_mode="nearest")
baseModel = MobileNetV2(weights="imagenet", include_top=False, input_tensor=Input(shape=(224, 224, 3)))
headModel = baseModel.output
headModel = AveragePooling2D(pool_size=(7, 7))(headModel)
headModel = Flatten(name="flatten")(headModel)
headModel = Dense(128, activation="relu")(headModel)
headModel = Dropout(0.5)(headModel)
headModel = Dense(2, activation="softmax")(headModel)
model = Model(inputs=baseModel.input, outputs=headModel)
for layer in baseModel.layers:
    layer.trainable = False

model.compile(loss="binary_crossentropy", optimizer=Adam(learning_rate=1e-4), metrics=["accuracy"])
H = model.fit(aug.flow(trainX, trainY, batch_size=32), validation_data=(valX, valY), epochs=20)
predIdxs = np.argmax(model.predict(testX, batch_size=32), axis=1)
frame = cv2.cvtColor(cv2.imread("face.jpg"), cv2.COLOR_BGR2RGB)
