"""The networks of `keras.applications`: what pixels they were pretrained on, and what they refuse. Pure data.

References: Keras 3.15, `keras/src/applications/*.py` (`preprocess_input`, `obtain_input_shape(min_size=…)`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class NetworkInfo:
    """One network.

    Attributes:
        wants: What its pixels must be: "caffe" (BGR, without the mean), "tf" (−1 to 1), "torch" (in standard
            deviations), or "raw" (0 to 255, as it rescales them itself).
        module: Where its own `preprocess_input` is.
        smallest: Side of the smallest picture, in px, that it takes without its classifier.
        size: Side of the pictures, in px, that it takes with its classifier.
        has_batchnorm: Whether it has BatchNorm layers.
    """

    wants: str
    module: str
    smallest: int = 32
    size: int = 224
    has_batchnorm: bool = True


def _table() -> dict[str, NetworkInfo]:
    table = {name: NetworkInfo("caffe", name.lower(), has_batchnorm=False) for name in ("VGG16", "VGG19")}
    table |= {f"ResNet{n}": NetworkInfo("caffe", "resnet50" if n == 50 else "resnet") for n in (50, 101, 152)}
    table |= {f"ResNet{n}V2": NetworkInfo("tf", "resnet_v2") for n in (50, 101, 152)}
    table |= {f"DenseNet{n}": NetworkInfo("torch", "densenet") for n in (121, 169, 201)}
    table |= {"MobileNet": NetworkInfo("tf", "mobilenet"), "MobileNetV2": NetworkInfo("tf", "mobilenet_v2")}
    table |= {f"MobileNetV3{size}": NetworkInfo("raw", "mobilenet_v3") for size in ("Small", "Large")}
    table |= {"InceptionV3": NetworkInfo("tf", "inception_v3", 75, 299)}
    table |= {"InceptionResNetV2": NetworkInfo("tf", "inception_resnet_v2", 75, 299)}
    table |= {"Xception": NetworkInfo("tf", "xception", 71, 299)}
    table |= {"NASNetMobile": NetworkInfo("tf", "nasnet"), "NASNetLarge": NetworkInfo("tf", "nasnet", 32, 331)}
    sizes = (224, 240, 260, 300, 380, 456, 528, 600)
    table |= {f"EfficientNetB{n}": NetworkInfo("raw", "efficientnet", size=size) for n, size in enumerate(sizes)}
    later = {"B0": 224, "B1": 240, "B2": 260, "B3": 300, "S": 384, "M": 480, "L": 480}
    table |= {f"EfficientNetV2{n}": NetworkInfo("raw", "efficientnet_v2", size=size) for n, size in later.items()}
    sizes = ("Tiny", "Small", "Base", "Large", "XLarge")
    return table | {f"ConvNeXt{size}": NetworkInfo("raw", "convnext", has_batchnorm=False) for size in sizes}


NETWORKS: Mapping[str, NetworkInfo] = MappingProxyType(_table())
MODES: Mapping[str, str] = MappingProxyType(
    {info.module: info.wants for info in NETWORKS.values()} | {"resnet": "caffe", "resnet50": "caffe"}
)
"""Module → what its `preprocess_input` makes of 0 to 255; "raw": it leaves them as they are."""
CLASSES: Mapping[str, int] = MappingProxyType({"cifar10": 10, "cifar100": 100, "mnist": 10, "fashion_mnist": 10})
"""Data sets of Keras → their classes."""
SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"cifar10": (32, 32, 3), "cifar100": (32, 32, 3), "mnist": (28, 28), "fashion_mnist": (28, 28)}
)
