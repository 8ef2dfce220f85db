"""What imports bring, by one name wherever it is taken from, and what Keras 3 has no more."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from tl_core.lessons.code_check.networks import NETWORKS

_ROOTS = (
    "tensorflow.compat.v2.keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "keras._tf_keras.keras",
    "keras.api",
    "tf_keras",
)
_OLD_MODULES = re.compile(
    r"keras\.(?:layers\.(?:core|convolutional|pooling|merge|normalization|recurrent|embeddings|noise|wrappers|local"
    r"|advanced_activations|convolutional_recurrent|experimental)|engine|utils\.(?:np_utils|generic_utils|vis_utils"
    r"|training_utils|data_utils|io_utils|layer_utils|multi_gpu_utils)|wrappers\.scikit_learn|legacy\.(?:layers|models)"
    r"|applications\.(?:mobilenetv2|inception_resnetv2|keras_applications)|callbacks\.(?:callbacks|tensorboard_v\d)"
    r"|optimizers\.(?:adam|adam_v2|sgd|gradient_descent_v2|rmsprop|adadelta|adagrad)|preprocessing\.image_dataset"
    r"|experimental)(?:\.|$)"
)
_OLD_NAMES = frozenset(
    {
        "keras.utils.np_utils",
        "keras.utils.multi_gpu_model",
        "keras.utils.print_summary",
        "keras.layers.Merge",
        "keras.layers.CuDNNLSTM",
        "keras.layers.CuDNNGRU",
        "keras.layers.ThresholdedReLU",
        "keras.layers.LocallyConnected2D",
        "keras.preprocessing.image.ImageDataGenerator",
        "keras.preprocessing.image.DirectoryIterator",
        "keras.applications.mobilenet.relu6",
        "keras.applications.mobilenet.DepthwiseConv2D",
        "keras.models.model_from_yaml",
    }
)
_ONLY_TF = frozenset({"keras.preprocessing.image.ImageDataGenerator", "keras.preprocessing.image.DirectoryIterator"})
"""What `tensorflow.keras` still has, although `keras` has not."""

_LAYERS = (
    "Dense Flatten Dropout GlobalAveragePooling2D GlobalMaxPooling2D Conv2D MaxPooling2D AveragePooling2D Activation "
    "BatchNormalization Lambda Rescaling Resizing RandomFlip RandomRotation RandomZoom RandomContrast Input Softmax"
)
_BARE: Mapping[str, str] = MappingProxyType(
    {name: f"keras.layers.{name}" for name in _LAYERS.split()}
    | {name: f"keras.optimizers.{name}" for name in ("Adam", "SGD", "RMSprop", "AdamW", "Adagrad", "Nadam", "Adamax")}
    | {name: f"keras.applications.{name}" for name in NETWORKS}
    | {name: f"keras.{name}" for name in ("layers", "applications", "models", "optimizers", "losses", "Sequential")}
    | {"keras": "keras", "tf": "tensorflow", "np": "numpy", "Model": "keras.Model"}
    | {"ImageDataGenerator": "tensorflow.keras.preprocessing.image.ImageDataGenerator"}
    | {"to_categorical": "keras.utils.to_categorical", "cv2": "cv2", "os": "os", "plt": "matplotlib.pyplot"}
)
HARMLESS = frozenset(
    [
        "numpy",
        "matplotlib",
        "os",
        "sys",
        "tensorflow",
        "keras",
        "sklearn",
        "seaborn",
        "pandas",
        "PIL",
        "cv2",
        "time",
        "json",
        "pathlib",
        "tqdm",
        "random",
        "math",
        "glob",
        "datetime",
        "collections",
        "scipy",
        "skimage",
        "plotly",
        "pickle",
        "csv",
        "itertools",
        "shutil",
        "copy",
        "re",
        "warnings",
        "logging",
        "tensorflow_datasets",
        "imutils",
        "imageio",
        "h5py",
        "joblib",
        "keras_hub",
        "keras_cv",
        "visualkeras",
    ]
)
"""Libraries that do nothing to a model that is handed to them, as far as is spoken of here."""


def canonical(name: str) -> str:
    """Returns a name as `keras` has it, wherever it is imported from."""
    for root in _ROOTS:
        if name == root or name.startswith(root + "."):
            return "keras" + name.removeprefix(root)
    return name


def bare(name: str) -> str | None:
    """Returns what a name most likely is that a part of a program uses without importing it."""
    found = _BARE.get(name)
    return None if found is None else canonical(found)


def is_old_module(name: str) -> bool:
    """Says whether a name is, or is in, a module of Keras that there is no more."""
    return bool(_OLD_MODULES.match(name))


def is_old(name: str) -> bool:
    """Says whether Keras 3 has something no more, by the name under which it is imported.

    Measured with Keras 3.15 and TensorFlow 2.21: each of them cannot be imported there.
    """
    if name.startswith(("keras.src.", "tf_keras")):
        return False
    if name.startswith("tensorflow.") and canonical(name) in _ONLY_TF:
        return False
    own = canonical(name)
    return is_old_module(own) or own in _OLD_NAMES or own.startswith("keras_applications")
