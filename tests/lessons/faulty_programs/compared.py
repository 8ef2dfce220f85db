from tensorflow.keras.applications import VGG16

vgg = VGG16(include_top=False)
for layer in vgg.layers:
    layer.trainable == False  #! trainable_compared
