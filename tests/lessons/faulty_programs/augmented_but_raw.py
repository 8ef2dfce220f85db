import tensorflow as tf

model_base = tf.keras.applications.MobileNetV2(  #! no_preprocessing
    include_top=False, weights="imagenet", input_shape=(224, 224, 3), pooling="avg"
)
# keep the pretrained weights frozen
model_base.trainable = False
model = tf.keras.Sequential(
    [
        tf.keras.layers.InputLayer((224, 224, 3)),
        tf.keras.layers.RandomFlip("horizontal"),
        model_base,
        tf.keras.layers.Dense(5, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
AUTOTUNE = tf.data.AUTOTUNE
tr, va = tf.keras.utils.image_dataset_from_directory(
    "flowers", validation_split=0.2, subset="both", seed=1, image_size=(224, 224)
)
tr = tr.cache().shuffle(1000).prefetch(buffer_size=AUTOTUNE)
model.fit(tr, validation_data=va)
