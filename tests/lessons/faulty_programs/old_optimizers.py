from keras import optimizers
from tensorflow.keras.optimizers import RMSprop, SGD

first = SGD(lr=0.01, momentum=0.9)  #! old_rate
second = RMSprop(lr=1e-4, decay=1e-6)  #! old_rate, old_decay
third = optimizers.Adam(
    beta_1=0.9,
    lr=1e-3,  #! old_rate
)
