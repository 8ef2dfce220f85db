import keras

base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))
base.trainable(False)  #! trainable_called
