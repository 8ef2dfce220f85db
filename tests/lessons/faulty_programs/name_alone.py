import tensorflow as tf

base_model = tf.keras.applications.InceptionV3(include_top=False, input_shape=(150, 150, 3))
for layer in base_model.layers:
    trainable = False  #! trainable_alone
