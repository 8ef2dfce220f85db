from keras.applications import ResNet50
from keras.datasets import cifar10
from sklearn.svm import LinearSVC

(x_train, y_train), (x_test, y_test) = cifar10.load_data()

base = ResNet50(weights="imagenet", include_top=False, input_shape=(32, 32, 3), pooling="avg")
features_train = base.predict(x_train)
features_test = base.predict(x_test)

svm = LinearSVC()
svm.fit(features_train, y_train)
print(svm.score(features_test, y_test))
