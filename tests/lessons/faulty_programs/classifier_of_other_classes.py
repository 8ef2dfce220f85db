from keras.applications import VGG16, ResNet50

first = VGG16(weights="imagenet", classes=10)  #! top_classes
second = ResNet50(include_top=True, weights="imagenet", input_shape=(128, 128, 3))  #! top_shape
