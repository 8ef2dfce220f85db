from keras.applications import VGG16
from keras.layers import Dense, Flatten, GlobalAveragePooling2D
from keras.models import Model

base = VGG16(include_top=False, input_shape=(96, 96, 3))
base.trainable = False
x = GlobalAveragePooling2D()(base.layers[-5])  #! layers_no_tensor
x = Flatten()(base)  #! layers_no_tensor
model = Model(inputs=base.input, outputs=base.layers[10])  #! layers_no_tensor
