"""Classifying, in this process."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.datasets.images import hostile_images as make
from tests.engine.worker.tasks.finished import finished
from tests.ingest.pictures import take
from tl_core.datasets.arrays import batch, load_dataset
from tl_core.datasets.images.decode import decode_image, fit_image
from tl_core.datasets.images.preparation import FRAMINGS
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.datasets.own.album import own_folder, read_album
from tl_core.errors import StoreError, UnknownIdError
from tl_core.paths import ASSETS
from tl_core.spec import RunSpec
from tl_core.store.albums import Albums
from tl_core.store.run_dataset import dataset_facts, run_preparation
from tl_core.store.sqlite.store import SqliteStore

SAMPLES = ASSETS / "samples"
SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=1)


def pictures(*names: str) -> list[np.ndarray]:
    return [decode_image((SAMPLES / name).read_bytes(), name) for name in names]


def untrained(folder: Path, spec: RunSpec):
    """Leaves what a finished run leaves, with a head that has learned nothing yet; returns its network."""
    from tl_core.models.build import build
    from tl_core.models.trained import save_trained

    network = build(spec, 14)
    folder.mkdir(parents=True, exist_ok=True)
    save_trained(folder, network.suffix, spec, 14)
    return network


def test_the_untouched_backbone_knows_a_cat_and_a_coffee(tmp_path):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify
    from tl_core.models.imagenet import imagenet_classes

    answers = finished(classify(ModelCache(tmp_path), "backbone:mobilenet_v2", pictures("cat_1.jpg", "espresso_1.jpg")))
    names = [imagenet_classes()[row.argmax()] for row in answers]
    assert answers.shape == (2, 1000)
    assert answers.sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert "cat" in names[0]
    assert names[1] == "espresso"


def test_a_run_answers_with_the_softmax_of_its_own_logits(tmp_path):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    network = untrained(tmp_path / "runs" / "a", SPEC)
    images = pictures("cat_1.jpg", "orange_1.jpg")
    logits = network.full.predict_on_batch(np.stack([fit_image(image, 64) for image in images])).astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = finished(classify(ModelCache(tmp_path), "a", images))
    np.testing.assert_allclose(answers, expected, atol=1e-5)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_very_file_is_answered_like_the_stored_picture_that_was_trained_on(tmp_path, framing):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    files = {f"{'ab'[at % 2]}/{at}.png": deep_strip(at) for at in range(8)}
    album = take(Albums(tmp_path), files, framing=framing)
    dataset = load_dataset(album.id, tmp_path)
    spec = SPEC.with_changes(dataset=album.id)
    untrained(tmp_path / "runs" / "a", spec)
    with SqliteStore(tmp_path) as store:
        facts = dataset_facts(dataset.info)
        record = store.create_run(spec.to_dict(), role="run", name="a", environment=facts, owner="anna")
    way = run_preparation(record, tmp_path)
    rows = read_album(own_folder(tmp_path, album.id)).used
    asked = [prepare_picture(files[file], file, way).square for file in rows.file]
    trained_on = list(batch(dataset, np.arange(len(rows)), spec.image_size))
    models = ModelCache(tmp_path)
    assert np.array_equal(finished(classify(models, "a", asked)), finished(classify(models, "a", trained_on)))


def deep_strip(number: int) -> bytes:
    """A wide picture of its own that uses 12 of 16 bits."""
    levels = np.random.default_rng(number).integers(0, 4096, (30, 90, 3), dtype=np.uint16)
    return make.deep_png(levels)


def test_an_answer_does_not_depend_on_the_other_pictures(tmp_path):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    models, images = ModelCache(tmp_path), pictures("cat_1.jpg", "orange_1.jpg", "watermelon_1.jpg")
    together = finished(classify(models, "backbone:squeezenet", images))
    alone = finished(classify(models, "backbone:squeezenet", images[1:2]))
    assert np.array_equal(together[1], alone[0])


def test_it_makes_way_after_every_picture(tmp_path):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    task = classify(ModelCache(tmp_path), "backbone:squeezenet", pictures("cat_1.jpg", "orange_1.jpg"))
    assert list(task) == [None, None]


def test_a_network_is_kept_until_four_others_were_used_and_read_again_when_its_weights_are_new(tmp_path, monkeypatch):
    from tl_core.engine.worker.model_cache import ModelCache

    models, loaded = ModelCache(tmp_path), []
    network = SimpleNamespace(network=SimpleNamespace(full=None), spec=SimpleNamespace(image_size=64))
    monkeypatch.setattr(models, "_load_run", lambda run_id: loaded.append(run_id) or network)
    for run_id in "abca":
        models.trained(run_id)
    assert loaded == ["a", "b", "c"]
    for run_id in "defga":
        models.trained(run_id)
    assert loaded == ["a", "b", "c", "d", "e", "f", "g", "a"]
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "weights.safetensors").write_bytes(b"of the resumed run")
    models.trained("a")
    assert loaded[-2:] == ["a", "a"]


def test_a_run_without_weights_and_an_unknown_backbone_are_named(tmp_path):
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    with pytest.raises(StoreError) as caught:
        finished(classify(ModelCache(tmp_path), "0" * 32, pictures("cat_1.jpg")))
    assert caught.value.code == "file_damaged"
    with pytest.raises(UnknownIdError) as caught:
        finished(classify(ModelCache(tmp_path), "backbone:../../etc", pictures("cat_1.jpg")))
    assert caught.value.code == "unknown_backbone"
