"""Several labels for one picture: as many sigmoids as labels, and binary cross-entropy."""

import keras
import pandas as pd
from tensorflow.keras.preprocessing.image import ImageDataGenerator

table = pd.read_csv("labels.csv")
columns = ["rain", "snow", "fog", "night"]
generator = ImageDataGenerator(preprocessing_function=keras.applications.resnet50.preprocess_input)
flow = generator.flow_from_dataframe(
    table, directory="streets", x_col="file", y_col=columns, class_mode="raw", target_size=(224, 224)
)
base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
outputs = keras.layers.Dense(len(columns), activation="sigmoid")(base.output)
model = keras.Model(base.input, outputs)
model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(multi_label=True)])
model.fit(flow, epochs=5)
