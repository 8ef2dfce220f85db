import hashlib
import inspect
import json
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet, inception_v3, vgg16
from PIL import Image
from safetensors.numpy import load_file, save_file

from tl_core.errors import UnavailableError
from tl_core.models import weights
from tl_core.models.networks import IMAGENET_MEAN, IMAGENET_VARIANCE, KERAS, PREPROCESSING, network
from tl_core.paths import ASSETS

NAMES = json.loads((ASSETS / "weights" / "imagenet_classes.json").read_text("utf-8"))

WITH_TOP = [backbone_id for backbone_id, classifier in weights.BUNDLED.items() if classifier]
# photograph → its ImageNet name, and the rank that each bundled network with a top gives it (1 = its first answer)
KNOWN = {
    "cat_1": ("Egyptian cat", {"mobilenet_v2": 1, "efficientnet_lite0": 1, "squeezenet": 1, "resnet50": 1}),
    "espresso_1": ("espresso", {"mobilenet_v2": 1, "efficientnet_lite0": 1, "squeezenet": 1, "resnet50": 1}),
    "granny_smith_1": ("Granny Smith", {"mobilenet_v2": 1, "efficientnet_lite0": 1, "squeezenet": 1, "resnet50": 1}),
    "granny_smith_2": ("Granny Smith", {"mobilenet_v2": 1, "efficientnet_lite0": 1, "squeezenet": 1, "resnet50": 1}),
    "orange_1": ("orange", {"mobilenet_v2": 1, "efficientnet_lite0": 1, "squeezenet": 2, "resnet50": 1}),
}


def photographs():
    opened = (Image.open(ASSETS / "samples" / f"{name}.jpg").convert("RGB") for name in KNOWN)
    return np.stack([np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC)) for image in opened])


@pytest.mark.parametrize("backbone_id", WITH_TOP)
def test_a_bundled_network_recognises_known_photographs(backbone_id):
    model = network(backbone_id, 224, top=True)
    weights.load_pretrained(model, backbone_id)
    probabilities = np.asarray(model(photographs(), training=False))
    for (name, ranks), row in zip(KNOWN.values(), probabilities, strict=True):
        best_first = [NAMES[index] for index in np.argsort(-row)]
        assert best_first.index(name) + 1 == ranks[backbone_id], (name, best_first[:5])


def test_there_are_a_thousand_class_names_in_the_order_of_imagenet():
    assert len(NAMES) == 1000
    assert (NAMES[0], NAMES[281], NAMES[999]) == (
        "tench, Tinca tinca",
        "tabby, tabby cat",
        "toilet tissue, toilet paper, bathroom tissue",
    )


@pytest.mark.parametrize("backbone_id", WITH_TOP)
def test_weights_do_not_depend_on_the_top_or_the_image_size(backbone_id):
    whole, backbone = network(backbone_id, 224, top=True), network(backbone_id, 64)
    weights.load_pretrained(whole, backbone_id)
    weights.load_pretrained(backbone, backbone_id)
    for layer in backbone.layers:
        for ours, theirs in zip(layer.get_weights(), whole.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.fixture
def changed_file(tmp_path, monkeypatch):
    """Yields a function that bundles SqueezeNet's weights after a change."""
    arrays = load_file(weights.WEIGHTS_FOLDER / "squeezenet.safetensors")
    monkeypatch.setattr(weights, "WEIGHTS_FOLDER", tmp_path)

    def write(**changes):
        changed = {name: array for name, array in (arrays | changes).items() if array is not None}
        save_file(changed, tmp_path / "squeezenet.safetensors")

    return write


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"conv1/bias": None}, "conv1/bias is missing"),
        ({"conv1/bias": np.zeros(65, "float32")}, r"conv1/bias has the shape \(65,\)"),
        ({"conv1/bias": np.zeros(1, "float32")}, r"conv1/bias has the shape \(1,\)"),
        ({"conv2/bias": np.zeros(64, "float32")}, "no layer takes conv2/bias"),
    ],
)
def test_a_file_that_does_not_fit_exactly_is_refused(changed_file, changes, reason):
    changed_file(**changes)
    with pytest.raises(UnavailableError, match=reason) as caught:
        weights.load_pretrained(network("squeezenet", 64), "squeezenet")
    assert caught.value.code == "weights_unavailable"
    assert caught.value.values["backbone"] == "squeezenet"


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_a_missing_or_damaged_file_is_an_unavailable_error(tmp_path, monkeypatch, content):
    monkeypatch.setattr(weights, "WEIGHTS_FOLDER", tmp_path)
    if content:
        (tmp_path / "squeezenet.safetensors").write_bytes(content)
    with pytest.raises(UnavailableError, match="weights_unavailable"):
        weights.load_pretrained(network("squeezenet", 64), "squeezenet")


def test_addresses_and_hashes_are_those_of_keras():
    efficientnet_files = [efficientnet.BASE_WEIGHTS_PATH + f"efficientnetb0{end}.h5" for end in ("_notop", "")]
    urls = {
        ("vgg16", True): vgg16.WEIGHTS_PATH,
        ("inception_v3", False): inception_v3.WEIGHTS_PATH_NO_TOP,
        ("inception_v3", True): inception_v3.WEIGHTS_PATH,
        ("efficientnet_b0", False): efficientnet_files[0],
        ("efficientnet_b0", True): efficientnet_files[1],
    }
    assert {key: file.url for key, file in weights.DOWNLOADED.items()} == urls
    for (name, _), file in weights.DOWNLOADED.items():
        if name != "efficientnet_b0":
            source = inspect.getsource({"vgg16": vgg16, "inception_v3": inception_v3}[name])
            assert file.md5 in source
            assert f'"{file.name}"' in source
    with_top, without_top = efficientnet.WEIGHTS_HASHES["b0"]
    assert weights.DOWNLOADED["efficientnet_b0", True].md5 == with_top
    assert weights.DOWNLOADED["efficientnet_b0", False].md5 == without_top


def test_every_network_is_bundled_or_downloaded_with_and_without_its_top():
    for backbone_id in PREPROCESSING:
        for top in (False, True):
            is_bundled = backbone_id in weights.BUNDLED and not (top and weights.BUNDLED[backbone_id] is None)
            assert is_bundled != ((backbone_id, top) in weights.DOWNLOADED)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Yields a function that offers a model's weights on a local server in the place of Keras' file."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home" / "keras"))
    served = tmp_path / "served"
    served.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def publish(backbone_id, model):
            file = weights.DOWNLOADED[backbone_id, False]
            model.save(served / file.name)
            md5 = hashlib.md5((served / file.name).read_bytes()).hexdigest()
            local = weights.KerasFile(f"http://127.0.0.1:{server.server_port}/{file.name}", md5)
            table = {**weights.DOWNLOADED, (backbone_id, False): local}
            monkeypatch.setattr(weights, "DOWNLOADED", MappingProxyType(table))
            return served / file.name

        yield publish
        server.shutdown()
        thread.join()


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras saving HDF5 with this NumPy
@pytest.mark.parametrize("backbone_id", [pytest.param("inception_v3", marks=pytest.mark.full), "efficientnet_b0"])
def test_a_download_is_kept_and_gives_the_network_that_keras_saved(published, tmp_path, backbone_id):
    original = KERAS[backbone_id](include_top=False, weights=None, input_shape=(96, 96, 3))
    pixels = np.random.default_rng(1).integers(0, 256, (2, 96, 96, 3), np.uint8)
    offered = published(backbone_id, original)
    seen = []
    assert weights.weights_source(backbone_id, tmp_path / "home") == "download"
    model = network(backbone_id, 96)
    weights.load_pretrained(model, backbone_id, on_progress=lambda done, total: seen.append(done))
    assert seen[-1] == offered.stat().st_size
    assert weights.weights_source(backbone_id, tmp_path / "home") == "cached"
    expected = np.asarray(original(as_keras_wants(backbone_id, pixels), training=False))
    np.testing.assert_allclose(model(pixels, training=False), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    offered.unlink()
    weights.load_pretrained(network(backbone_id, 75), backbone_id)  # no second download


def as_keras_wants(backbone_id, pixels):
    if backbone_id == "inception_v3":
        return keras.applications.inception_v3.preprocess_input(pixels.astype("float32"))
    # a fresh EfficientNetB0 only divides by 255 inside; the file's numbers do the rest
    return (pixels - 255 * np.array(IMAGENET_MEAN)) / np.sqrt(IMAGENET_VARIANCE)


def test_a_classifier_alone_can_be_fetched_and_a_bundled_one_is_none(tmp_path, monkeypatch):
    fetched = []
    monkeypatch.setattr(weights, "download", lambda url, path, **more: fetched.append((url, more["md5"])) or path)
    path = weights.fetch_top("vgg16", tmp_path)
    file = weights.DOWNLOADED["vgg16", True]
    assert (path, fetched) == (tmp_path / "keras" / "models" / file.name, [(file.url, file.md5)])
    path.parent.mkdir(parents=True)
    path.touch()
    assert weights.weights_source("vgg16", tmp_path, top=True) == "cached"
    assert (weights.fetch_top("vgg16", tmp_path), len(fetched)) == (path, 1)
    with pytest.raises(KeyError):
        weights.fetch_top("resnet50", tmp_path)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_download_that_fails_names_the_backbone_and_the_reason(published):
    offered = published("efficientnet_b0", keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    offered.write_bytes(b"something else")
    with pytest.raises(UnavailableError) as caught:
        weights.load_pretrained(network("efficientnet_b0", 64), "efficientnet_b0")
    file = weights.DOWNLOADED["efficientnet_b0", False].name
    assert caught.value.to_dict() == {
        "code": "weights_unavailable",
        "values": {"backbone": "efficientnet_b0", "reason": f"{file}: wrong checksum"},
    }


def test_where_weights_come_from_is_known_without_keras(tmp_path):
    question = (
        "import sys, pathlib; from tl_core.models.weights import weights_source\n"
        f"home = pathlib.Path({str(tmp_path)!r})\n"
        "print(*(weights_source(id_, home) for id_ in ('squeezenet', 'inception_v3', 'vgg16')))\n"
        "print(weights_source('vgg16', home, top=True), 'keras' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", question], cwd=ASSETS.parent, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["bundled", "download", "bundled", "download", "False"]
