from keras.applications.mobilenetv2 import MobileNetV2  #! old_import
from keras.layers.core import Dense, Dropout  #! old_import
from keras.layers.normalization import BatchNormalization  #! old_import
from keras.preprocessing.image import ImageDataGenerator  #! old_import
from keras.utils import np_utils  #! old_import
from tensorflow.keras.layers.experimental.preprocessing import Rescaling  #! old_import
import tensorflow.keras.utils.vis_utils  #! old_import
