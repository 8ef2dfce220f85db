"""The backbones as Keras graphs with random weights: raw pixels in, one flat graph, the same layer names every time."""

import re
from collections.abc import Callable
from types import MappingProxyType

import keras

from tl_core.faults import preprocessing
from tl_core.models.efficientnet_lite import efficientnet_lite0
from tl_core.models.preprocess import Preprocess
from tl_core.models.squeezenet import squeezenet

PREPROCESSING = MappingProxyType(
    {
        "mobilenet_v2": "tf",
        "efficientnet_lite0": "lite",
        "squeezenet": "squeezenet",
        "vgg16": "caffe",
        "resnet50": "caffe",
        "inception_v3": "tf",
        "efficientnet_b0": "none",
    }
)

OWN: MappingProxyType[str, Callable] = MappingProxyType(
    {"efficientnet_lite0": efficientnet_lite0, "squeezenet": squeezenet}
)

KERAS: MappingProxyType[str, Callable] = MappingProxyType(
    {
        "mobilenet_v2": keras.applications.MobileNetV2,
        "vgg16": keras.applications.VGG16,
        "resnet50": keras.applications.ResNet50,
        "inception_v3": keras.applications.InceptionV3,
        "efficientnet_b0": keras.applications.EfficientNetB0,
    }
)

# EfficientNetB0 normalises inside; Keras fills these in only together with its weights file
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_VARIANCE = (0.229**2, 0.224**2, 0.225**2)


def network(backbone_id: str, image_size: int, *, top: bool = False, fault: str = "none") -> keras.Model:
    """Builds one backbone with random weights.

    Args:
        backbone_id: A key of `PREPROCESSING`.
        image_size: Height and width of the images. VGG16 with its top takes 224 only.
        top: End in the 1000 ImageNet probabilities; otherwise in the last feature map.
        fault: As `RunSpec.fault`: which wrong preprocessing it is given on purpose.

    Returns:
        A flat functional model called `backbone_id`, without nested models. Its input "image" is followed by the layer
        "preprocess". Dropout and stochastic depth have rate 0: cached and plain training stay equal.

    Raises:
        KeyError: No such backbone.
        ValueError: The images are too small for this backbone.

    Shape:
        uint8 (N, image_size, image_size, 3), 0–255, RGB → float (N, h, w, channels), or (N, 1000) with top.

    Random:
        The initial weights come from Keras' own initialisers and differ at each call.
    """
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = Preprocess(preprocessing(PREPROCESSING[backbone_id], fault))(image)
    if backbone_id in OWN:
        return keras.Model(image, OWN[backbone_id](x, top=top), name=backbone_id)
    original = KERAS[backbone_id](
        include_top=top, weights=None, input_tensor=x, input_shape=(image_size, image_size, 3), name=backbone_id
    )
    return _with_lasting_names(keras.Model(image, original.outputs[0], name=backbone_id))


def lasting_names(model: keras.Model) -> dict[str, str]:
    """Maps each layer's name to the one it has when the model is the first that a process builds.

    Keras numbers unnamed layers through all models of a process ("conv2d_94"); here each kind starts again ("conv2d").

    Args:
        model: A functional model.

    Returns:
        Layer name → lasting name; both are unique.
    """
    names, seen = {}, {}
    for layer in sorted(model.layers, key=_age):
        kind = _kind(layer)
        names[layer.name] = layer.name if kind is None else _numbered(kind, seen.setdefault(kind, []))
    return names


def _age(layer: keras.layers.Layer) -> int:
    """Returns the number at the end of a layer's name: Keras counts up as it makes layers."""
    found = re.search(r"_(\d+)$", layer.name)
    return int(found[1]) if found else 0


def _kind(layer: keras.layers.Layer) -> str | None:
    """Returns the stem of a name that Keras gave by itself, or None for a name given on purpose."""
    stem = re.sub(r"_\d+$", "", layer.name)
    return stem if stem.replace("_", "") == type(layer).__name__.lower() else None


def _numbered(kind: str, taken: list[str]) -> str:
    taken.append(f"{kind}_{len(taken)}" if taken else kind)
    return taken[-1]


def _with_lasting_names(model: keras.Model) -> keras.Model:
    names = lasting_names(model)
    if all(old == new for old, new in names.items()) and not any(map(_is_replaced, model.layers)):
        return model
    return keras.models.clone_model(model, clone_function=lambda layer: _copy(layer, names[layer.name]))


def _is_replaced(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Dropout | keras.layers.Normalization)


def _copy(layer: keras.layers.Layer, name: str) -> keras.layers.Layer:
    config = {**layer.get_config(), "name": name}
    if isinstance(layer, keras.layers.Dropout):
        config["rate"] = 0.0
    if isinstance(layer, keras.layers.Normalization):
        config |= {"mean": IMAGENET_MEAN, "variance": IMAGENET_VARIANCE}
    return type(layer).from_config(config)
