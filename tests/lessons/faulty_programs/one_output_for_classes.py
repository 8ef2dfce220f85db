import keras
from keras import layers

base = keras.applications.ResNet101(include_top=False, pooling="avg")
x = layers.Dense(1)(base.output)
outputs = layers.Activation("sigmoid")(x)
model = keras.Model(base.input, outputs)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")  #! one_output
