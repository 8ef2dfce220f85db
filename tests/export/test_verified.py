"""Networks for other programs: they say what the run says, and one that does not is kept back."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from patience import PATIENCE_S

from tests.export.finished_runs import TINY, members, trained
from tl_core.engine.worker.device import prepare
from tl_core.errors import InputError, StoreError, WorkerError
from tl_core.evaluation.scores import softmax
from tl_core.export import keras_file, verified
from tl_core.export.formats import FORMATS, Exported
from tl_core.export.network import loaded, probabilities, stock_network
from tl_core.export.parity_pictures import N_PICTURES, check_pictures
from tl_core.models.batchnorm import with_fast_batchnorm
from tl_core.models.networks import network
from tl_core.models.weights import BUNDLED
from tl_core.paths import ASSETS

pytestmark = pytest.mark.processes
OTHERS = [pytest.param(one, marks=pytest.mark.full) for one in BUNDLED if one not in ("mobilenet_v2", "squeezenet")]
INSIDE = {"labels.txt", "labels.json", "parity.json", "classify.py", "card.md", "card.html"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_HOME", str(home))
        prepare(home)
        yield trained(home)


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory) -> dict[str, Exported]:
    """The run as each kind of file that needs nothing more to be installed."""
    folder = tmp_path_factory.mktemp("files")
    return {name: FORMATS[name].write(source, folder / f"{name}.zip") for name in ("keras", "tflite")}


@pytest.mark.parametrize("format", ["keras", "tflite"])
def test_a_fresh_process_predicts_by_the_file_what_the_run_predicts(source, exported, format):
    parity, inside = exported[format].parity, members(exported[format].path)
    assert parity is not None
    assert parity.n_images == N_PICTURES
    assert parity.max_abs_difference <= 1e-5
    assert set(inside) == INSIDE | {f"model.{format}"}
    assert inside["labels.txt"].decode().splitlines() == list("0123456789")
    report = json.loads(inside["parity.json"])
    assert report["max_abs_difference"] == parity.max_abs_difference
    assert (report["pictures"], report["split"], report["run"]) == ("mnist-small", "test", source.record.id[:12])
    assert "numpy" in report["versions"]
    assert b"no probability differed" in inside["card.html"]
    assert len(list(exported[format].path.parent.iterdir())) == len(exported)
    assert list((source.home / "cache" / "exports").glob(".*")) == []


def test_the_program_beside_the_network_classifies_a_picture_file_without_anything_of_ours(exported, tmp_path):
    for name, content in members(exported["tflite"].path).items():
        (tmp_path / name).write_bytes(content)
    asked = [sys.executable, "-I", str(tmp_path / "classify.py"), str(ASSETS / "samples" / "cat_1.jpg")]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("%") == 3
    assert "tl_core" not in (tmp_path / "classify.py").read_text()


def test_a_file_that_predicts_otherwise_is_not_handed_out(source, tmp_path):
    def spoilt(model, path):
        kernel, bias = model.get_layer("head_logits").get_weights()
        model.get_layer("head_logits").set_weights([kernel, bias + np.eye(10)[0] * 0.01])
        keras_file.save(model, path)

    with pytest.raises(StoreError, match="export_differs") as caught:
        verified.write_verified(source, tmp_path / "net.zip", "keras", ".keras", spoilt)
    assert 1e-5 < caught.value.values["difference"] < 0.01
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_can_read_is_not_handed_out(tmp_path, monkeypatch):
    program = tmp_path / "reader.py"
    program.write_text("raise ValueError('no network')")
    monkeypatch.setattr(verified, "PROGRAM", program)
    with pytest.raises(WorkerError, match="export_unreadable") as caught:
        verified.compare(tmp_path / "model.keras", np.zeros((2, 4, 4, 3), np.uint8), three_classes(), "keras")
    assert caught.value.values["reason"] == "ValueError: no network"


def test_answers_that_are_no_numbers_or_of_another_shape_do_not_agree(tmp_path, monkeypatch):
    for answer in (np.full((2, 3), np.nan), np.full((2, 4), 0.25), np.full((1, 3), 1 / 3)):

        def answered(name, program, answer=answer):
            np.save(program[-1], answer)
            return {}

        monkeypatch.setattr(verified, "_answered", answered)
        with pytest.raises(StoreError, match="export_differs"):
            verified.compare(tmp_path / "model.keras", np.zeros((2, 4, 4, 3), np.uint8), three_classes(), "keras")


@pytest.mark.parametrize(("off", "is_alike"), [(2e-6, True), (4e-5, False), (0.1, False)])
def test_where_float32_itself_rounds_to_more_a_file_is_held_to_float64(off, is_alike, tmp_path, monkeypatch):
    """Logits of several thousand: float32 keeps four decimals of them, and no file agrees with that by chance."""
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    full = three_classes()
    kernel = np.random.default_rng(1).normal(0, 100, (48, 3))
    kernel[:, 1] = kernel[:, 0] + np.random.default_rng(2).normal(0, 0.01, 48)  # two classes between which it hesitates
    kernel[:, 2] = 0
    full.get_layer("head_logits").set_weights([kernel, np.array([1e5, 1e5, 0])])
    kernel, bias = (one.astype(np.float64) for one in full.get_layer("head_logits").get_weights())
    exact = softmax((images.reshape(20, -1) / np.float64(255)) @ kernel + bias)
    said = probabilities(full, images)
    assert 1e-5 < np.abs(said - exact).max() < 1e-2
    answer = exact + np.array([off, -off, 0])

    def answered(name, program):
        np.save(program[-1], answer)
        return {}

    monkeypatch.setattr(verified, "_answered", answered)
    monkeypatch.setattr(verified, "MOST_ROUNDING", 0.02)
    if is_alike:
        parity = verified.compare(tmp_path / "model.keras", images, full, "keras")
        assert parity.max_abs_difference <= 1e-5
        assert parity.n_exact == (np.abs(said - answer).max(axis=1) > 1e-5).sum() > 0
        assert parity.rounding == pytest.approx(np.abs(said - exact).max(), rel=1e-3)
    else:
        with pytest.raises(StoreError, match="export_differs") as caught:
            verified.compare(tmp_path / "model.keras", images, full, "keras")
        assert caught.value.values["difference"] >= 0.9 * off


def three_classes() -> keras.Model:
    """The smallest network that tells three classes apart; its weights are at random."""
    layers = keras.layers
    parts = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, name="head_logits")]
    full = keras.Sequential([keras.Input((4, 4, 3), dtype="uint8"), *parts])
    full.compile(jit_compile=False)
    return full


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "squeezenet", *OTHERS])
def test_the_stock_network_has_no_class_of_ours_and_says_the_same(backbone):
    """Weights at random: what is compared is arithmetic. One has BatchNorm, the other turns the channels."""
    body = with_fast_batchnorm(network(backbone, 64))
    pooled = keras.layers.GlobalAveragePooling2D()(body.outputs[0])
    full = keras.Model(body.inputs[0], keras.layers.Dense(5, name="head_logits")(pooled))
    full.compile(jit_compile=False)
    stock = stock_network(full)
    assert {type(layer).__module__.partition(".")[0] for layer in stock.layers} == {"keras"}
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    said = np.asarray(stock.predict_on_batch(images))
    np.testing.assert_allclose(said, probabilities(full, images), atol=1e-5)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-6)


def test_the_pictures_are_of_the_test_split_and_spread_over_all_of_it(tmp_path):
    images, shown = check_pictures("cifar10-small", 32, tmp_path)
    assert (images.shape, images.dtype, shown) == ((N_PICTURES, 32, 32, 3), np.uint8, "cifar10-small")
    assert len(np.unique(images.reshape(N_PICTURES, -1), axis=0)) == N_PICTURES


@pytest.mark.parametrize("dataset", ["elsewhere", "cifar10", "own-0123456789abcdef0123"])
def test_for_data_that_are_not_here_bundled_pictures_stand_in(dataset, tmp_path):
    images, shown = check_pictures(dataset, 48, tmp_path)
    assert (images.shape, shown) == ((N_PICTURES, 48, 48, 3), "groceries")


def test_a_run_without_weights_and_a_package_that_is_missing_are_said_before_anything_is_computed(source, monkeypatch):
    from dataclasses import replace

    with pytest.raises(InputError, match="run_without_weights"):
        FORMATS["keras"].check(replace(source.record, best_epoch=None))
    lacking = replace(FORMATS["onnx"], packages=("numpy", "no_such_package"))
    with pytest.raises(InputError, match="export_needs") as caught:
        lacking.check(source.record)
    assert caught.value.values["packages"] == ["no_such_package"]


@pytest.mark.full
@pytest.mark.parametrize("format", ["keras", "tflite", "onnx"])
@pytest.mark.parametrize("backbone", BUNDLED)
def test_every_bundled_backbone_agrees_in_every_format_with_a_head_that_was_trained_here(backbone, format, home):
    if FORMATS[format].missing:
        pytest.skip("make export")
    prepare(home)
    spec = TINY.with_changes(dataset="groceries", backbone=backbone, image_size=96, n_frozen=0, per_class=10)
    spec = spec.with_changes(n_frozen=len(loaded_blocks(backbone)), epochs=5, learning_rate=2e-3)
    exported = FORMATS[format].write(trained(home, spec), home / "net.zip")
    assert exported.parity.max_abs_difference <= 1e-5


def loaded_blocks(backbone: str):
    from tl_core.models.catalog import backbone_info

    return backbone_info(backbone).blocks


def test_a_damaged_file_of_weights_is_said_to_be(tmp_path):
    with pytest.raises(StoreError, match="file_damaged"):
        loaded(tmp_path)
