from tensorflow.keras.applications.resnet50 import ResNet50, preprocess_input
from tensorflow.keras.preprocessing.image import ImageDataGenerator

generator = ImageDataGenerator(preprocess_input)  #! generator_by_place
