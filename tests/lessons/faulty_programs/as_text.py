import keras

base_model = keras.applications.Xception(include_top=False, input_shape=(150, 150, 3))
base_model.trainable = "False"  #! trainable_text
