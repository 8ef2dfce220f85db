from tensorflow.keras.applications import VGG16

vgg = VGG16(include_top=False)
for layer in vgg.layers:
    layer.trainabel = False  #! misspelled
for layer in vgg.layers[:4]:
    layer.Trainable = False  #! misspelled
