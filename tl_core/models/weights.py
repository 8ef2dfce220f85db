"""Where pretrained weights come from: bundled with the app, or Keras' own files fetched once into the data folder.

Importing this module does not import keras; `load_pretrained` does.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from tl_core.download import OFFLINE, download, matches
from tl_core.errors import UnavailableError
from tl_core.paths import ASSETS

if TYPE_CHECKING:
    import keras
    import numpy as np

WEIGHTS_FOLDER = ASSETS / "weights"

# bundled backbone → the layer of its classifier, which a network without top lacks; None where only that is a download
BUNDLED: Mapping[str, str | None] = MappingProxyType(
    {
        "mobilenet_v2": "predictions",
        "efficientnet_lite0": "predictions",
        "squeezenet": "predictions_conv",
        "vgg16": None,
        "resnet50": "predictions",
    }
)


class KerasFile(NamedTuple):
    """A weights file as keras.applications names it: where it is, and its MD5."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The file's name in the folder `models` of KERAS_HOME."""
        return self.url.rpartition("/")[2]


_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"

# what is downloaded: (backbone, whether with the classifier) → its file
DOWNLOADED: Mapping[tuple[str, bool], KerasFile] = MappingProxyType(
    {
        ("vgg16", True): KerasFile(f"{_KERAS}/vgg16/vgg16_{_KERNELS}.h5", "64373286793e3c8b2b4e3219cbf3544b"),
        ("inception_v3", False): KerasFile(
            f"{_KERAS}/inception_v3/inception_v3_{_KERNELS}_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"
        ),
        ("inception_v3", True): KerasFile(
            f"{_KERAS}/inception_v3/inception_v3_{_KERNELS}.h5", "9a0d58056eeedaa3f26cb7ebd46da564"
        ),
        ("efficientnet_b0", False): KerasFile(
            "https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
            "50bc09e76180e00e4465e1a485ddc09d",
        ),
        ("efficientnet_b0", True): KerasFile(
            "https://storage.googleapis.com/keras-applications/efficientnetb0.h5",
            "902e53a9f72be733fc0bcb005b3ebbac",
        ),
    }
)


def weights_source(backbone_id: str, home: Path, *, top: bool = False) -> Literal["bundled", "cached", "download"]:
    """Says what getting a backbone's pretrained weights takes.

    Args:
        backbone_id: A backbone of `networks.PREPROCESSING`.
        home: The data folder; Keras keeps its files in `keras_home(home)`.
        top: With the ImageNet classifier, which needs a file of its own where it is downloaded.

    Returns:
        "bundled": they come with the app; "cached": fetched before; "download": the internet is needed.

    Raises:
        KeyError: No such backbone.
    """
    if _is_bundled(backbone_id, top):
        return "bundled"
    return "cached" if _cached_path(backbone_id, keras_home(home), top).is_file() else "download"


def weights_address(backbone_id: str, *, top: bool = False) -> str:
    """Returns where a backbone's pretrained weights, with or without top, are fetched from.

    Raises:
        KeyError: They come with the app, or there is no such backbone.
    """
    return DOWNLOADED[backbone_id, top].url


def _is_bundled(backbone_id: str, top: bool) -> bool:
    return backbone_id in BUNDLED and (not top or BUNDLED[backbone_id] is not None)


def load_pretrained(
    model: "keras.Model", backbone_id: str, *, on_progress: Callable[[int, int | None], None] | None = None
) -> None:
    """Puts ImageNet weights into a model that `networks.network` built, with or without top, of any image size.

    Args:
        model: The network; nothing but its weights changes.
        backbone_id: The backbone that it was built as.
        on_progress: Called during a download with the bytes so far and in all (None if unknown).

    Raises:
        KeyError: No such backbone.
        UnavailableError: "weights_unavailable" with the values backbone and reason: no internet, or a file that is
            missing, damaged or does not fit. The model's weights are then unspecified.

    Thread:
        Worker.

    References:
        Sandler et al. 2018 (MobileNetV2); Tan and Le 2019 (EfficientNet); Iandola et al. 2016 (SqueezeNet);
        Simonyan and Zisserman 2015 (VGG); He et al. 2016 (ResNet); Szegedy et al. 2016 (Inception-v3).
    """
    try:
        if _is_bundled(backbone_id, has_top(model)):
            _load_bundled(model, backbone_id)
        else:
            _load_downloaded(model, backbone_id, on_progress)
    except UnavailableError as error:
        reason = str(error.values["reason"])
        raise _unavailable(backbone_id, reason if reason == OFFLINE else f"{error.values['file']}: {reason}") from error
    except (OSError, ValueError) as error:
        raise _unavailable(backbone_id, str(error)) from error


def fetch_top(backbone_id: str, home: Path, *, on_progress: Callable[[int, int | None], None] | None = None) -> Path:
    """Downloads the file with a backbone's classifier, unless it is here; loads no Keras.

    Args:
        backbone_id: A backbone whose classifier is not bundled.
        home: The data folder.
        on_progress: As for `load_pretrained`.

    Returns:
        The file.

    Raises:
        KeyError: Its classifier comes with the app, or there is no such backbone.
        UnavailableError: "download_failed".

    Thread: any.
    """
    file, path = DOWNLOADED[backbone_id, True], _cached_path(backbone_id, keras_home(home), top=True)
    return path if path.is_file() else download(file.url, path, md5=file.md5, on_progress=on_progress)


def has_top(model: "keras.Model") -> bool:
    """Returns whether a model from `networks.network` ends in the 1,000 ImageNet probabilities."""
    return any(layer.name == "predictions" for layer in model.layers)


def _load_bundled(model: "keras.Model", backbone_id: str) -> None:
    arrays = _bundled_arrays(backbone_id, has_top(model))
    for layer in model.layers:
        for variable in layer.weights:
            _assign(variable, f"{layer.name}/{variable.name}", arrays)
    if arrays:
        raise ValueError(f"no layer takes {', '.join(sorted(arrays))}")


def _bundled_arrays(backbone_id: str, top: bool) -> dict[str, "np.ndarray"]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(WEIGHTS_FOLDER / f"{backbone_id}.safetensors")
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    classifier = BUNDLED[backbone_id]
    return {name: array for name, array in arrays.items() if top or not name.startswith(f"{classifier}/")}


def _assign(variable: "keras.Variable", name: str, arrays: dict[str, "np.ndarray"]) -> None:
    """Takes one array out of `arrays`; it must have exactly the variable's shape."""
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    array = arrays.pop(name)
    if array.shape != tuple(variable.shape):
        raise ValueError(f"{name} has the shape {array.shape}, the network {tuple(variable.shape)}")
    variable.assign(array.astype(variable.dtype))


def _load_downloaded(
    model: "keras.Model", backbone_id: str, on_progress: Callable[[int, int | None], None] | None
) -> None:
    """Lets Keras read its own file into its own network, then copies layer by layer."""
    from tl_core.models.networks import KERAS, lasting_names

    top = has_top(model)
    path = _cached_path(backbone_id, Path(os.environ["KERAS_HOME"]), top)
    file = DOWNLOADED[backbone_id, top]
    if not matches(path, md5=file.md5):
        download(file.url, path, md5=file.md5, on_progress=on_progress)
    source = KERAS[backbone_id](include_top=top, weights=str(path), input_shape=model.input_shape[1:])
    names = {new: old for old, new in lasting_names(source).items()}
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(names[layer.name]).get_weights())


def keras_home(home: Path) -> Path:
    """Returns the folder, inside the data folder, that KERAS_HOME names while this project runs."""
    return Path(home) / "keras"


def _cached_path(backbone_id: str, keras_folder: Path, top: bool) -> Path:
    return keras_folder / "models" / DOWNLOADED[backbone_id, top].name


def _unavailable(backbone_id: str, reason: str) -> UnavailableError:
    return UnavailableError("weights_unavailable", backbone=backbone_id, reason=reason)
