import keras

train = keras.utils.image_dataset_from_directory("t/train", image_size=(224, 224)).cache().prefetch(2)
base = keras.applications.EfficientNetV2B0(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Dropout(0.2), keras.layers.Dense(6, activation="softmax")])
model.compile(
    optimizer="adam",
    loss=keras.losses.CategoricalCrossentropy(),  #! integer_labels
    metrics=["accuracy"],
)
model.fit(train, epochs=3)
