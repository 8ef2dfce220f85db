from tensorflow.keras.applications import MobileNet
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential


def train(model, train_generator, test_generator):
    model.fit_generator(train_generator, epochs=5)  #! old_method
    print(model.evaluate_generator(test_generator))  #! old_method
    return model.predict_generator(test_generator)  #! old_method


model = Sequential([MobileNet(include_top=False, pooling="avg"), Dense(3)])
classes = model.predict_classes([])  #! old_method
