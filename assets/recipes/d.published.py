from keras.applications import MobileNetV2
from keras.layers import Dense, GlobalAveragePooling2D
from keras.models import Model
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator

n_classes = 14
base = MobileNetV2(weights="imagenet", include_top=False, input_shape=(160, 160, 3))
x = GlobalAveragePooling2D()(base.output)
x = Dense(1024, activation="relu")(x)
x = Dense(n_classes, activation="softmax")(x)
model = Model(base.input, x)
for layer in base.layers:
    layer.trainable = False
model.compile(optimizer=Adam(lr=0.001), loss="categorical_crossentropy", metrics=["accuracy"])

pictures = ImageDataGenerator(validation_split=0.2)
train = pictures.flow_from_directory("data", (160, 160), batch_size=32, subset="training")
validation = pictures.flow_from_directory("data", (160, 160), batch_size=32, subset="validation")
model.fit_generator(train, epochs=5, validation_data=validation)
