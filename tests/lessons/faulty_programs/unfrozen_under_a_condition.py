import keras
from keras.applications.resnet50 import ResNet50, preprocess_input

base = ResNet50(include_top=False, weights="imagenet", pooling="avg")
base.trainable = False
model = keras.Sequential(
    [
        keras.Input((224, 224, 3)),
        keras.layers.Lambda(lambda t: preprocess_input(t)),
        base,
        keras.layers.Dense(4, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
ds = keras.utils.image_dataset_from_directory("p", image_size=(224, 224))
model.fit(ds)
if True:
    base.trainable = True  #! not_compiled_again
    for layer in base.layers[:100]:
        layer.trainable = False
history = model.fit(ds, epochs=3)
