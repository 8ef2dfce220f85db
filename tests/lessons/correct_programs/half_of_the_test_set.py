import tensorflow as tf

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()
x_val, y_val = x_test[:5000], y_test[:5000]
x_test, y_test = x_test[5000:], y_test[5000:]
base = tf.keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(32, 32, 3))
base.trainable = False
m = tf.keras.Sequential([base, tf.keras.layers.Dense(10, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(x_train, y_train, validation_data=(x_val, y_val))
m.evaluate(x_test, y_test)
