from keras.applications.resnet50 import ResNet50, preprocess_input
from keras.datasets import cifar10
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

(x_train, y_train), (x_test, y_test) = cifar10.load_data()

base = ResNet50(weights="imagenet", include_top=False, input_shape=(32, 32, 3), pooling="avg")
features_train = base.predict(preprocess_input(x_train.astype("float32")))
features_test = base.predict(preprocess_input(x_test.astype("float32")))

svm = make_pipeline(StandardScaler(), LinearSVC(C=0.001))  # features on one scale, more of a margin
svm.fit(features_train, y_train.ravel())
print(svm.score(features_test, y_test.ravel()))
