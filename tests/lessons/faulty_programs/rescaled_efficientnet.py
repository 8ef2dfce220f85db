from tensorflow.keras.applications import EfficientNetB0
from tensorflow.keras.layers import Dense, GlobalAveragePooling2D
from tensorflow.keras.models import Model
from tensorflow.keras.preprocessing.image import ImageDataGenerator

train_gen = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)  #! rescales_itself
train = train_gen.flow_from_directory("t/train", target_size=(224, 224))
base = EfficientNetB0(include_top=False, input_shape=(224, 224, 3))
base.trainable = False
model = Model(base.input, Dense(9, activation="softmax")(GlobalAveragePooling2D()(base.output)))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=4)
