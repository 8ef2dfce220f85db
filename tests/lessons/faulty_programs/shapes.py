from keras.applications import InceptionV3, VGG16, Xception

first = VGG16(weights="imagenet", include_top=False, input_shape=(28, 28, 1))  #! shape_channels
second = InceptionV3(weights="imagenet", include_top=False, input_shape=(64, 64, 3))  #! shape_small
third = Xception(
    include_top=False,
    input_shape=(48, 48, 3),  #! shape_small
)
