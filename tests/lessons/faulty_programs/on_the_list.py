import tensorflow as tf

base_model = tf.keras.applications.InceptionV3(include_top=False, input_shape=(150, 150, 3))
base_model.layers[:200].trainable = False  #! trainable_of_list
