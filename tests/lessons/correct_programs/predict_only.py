"""A whole network says what is on a picture; features come from the layer before the last, and from a block inside."""

import keras
import numpy as np
from keras.applications.resnet50 import ResNet50, decode_predictions, preprocess_input
from keras.applications.vgg19 import VGG19
from keras.applications.vgg19 import preprocess_input as for_vgg

model = ResNet50(weights="imagenet")
img = keras.utils.load_img("elephant.jpg", target_size=(224, 224))
x = keras.utils.img_to_array(img)
x = np.expand_dims(x, axis=0)
preds = model.predict(preprocess_input(x.copy()))
print("Predicted:", decode_predictions(preds, top=3)[0])

base_model = VGG19(weights="imagenet")
inner = keras.Model(inputs=base_model.input, outputs=base_model.get_layer("block4_pool").output)
features = inner.predict(for_vgg(x.copy()))
embedder = keras.Model(base_model.inputs, base_model.layers[-2].output)
vector = embedder.predict(for_vgg(x))
