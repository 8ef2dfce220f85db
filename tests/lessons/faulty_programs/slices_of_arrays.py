import tensorflow as tf

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()


def prep(x, y):
    x = tf.image.resize(tf.cast(x, tf.float32), (96, 96))
    x = tf.keras.applications.mobilenet_v2.preprocess_input(x)
    return x, tf.one_hot(tf.squeeze(y), 10)


train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(1000).map(prep).batch(32)
test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).map(prep).batch(32)
base = tf.keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
base.trainable = False
m = tf.keras.Sequential([base, tf.keras.layers.Dense(10, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])  #! onehot_labels
m.fit(train, validation_data=test, epochs=5)  #! validation_is_test
m.evaluate(test)
