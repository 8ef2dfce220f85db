from keras.applications.vgg16 import VGG16
from keras.layers import Dense, Flatten
from keras.models import Model

base = VGG16(include_top=False, input_shape=(64, 64, 3))
model = Model(input=base.input, output=Dense(3)(Flatten()(base.output)))  #! old_argument
model.fit([], [], nb_epoch=3)  #! old_argument
