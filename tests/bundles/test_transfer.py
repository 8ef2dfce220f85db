"""Trained networks out of one engine and into another: who may, what is kept, and that they answer alike.

Worth its half minute for five trained networks and two engines: a file that answers otherwise elsewhere would be a lie.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S, until

from tests.bundles.bundle_files import CLASSES, ENDED, SPEC, good, head, header, parts, told, write_run
from tests.engine.engine_bench import Bench
from tl_core.bundles import transfer
from tl_core.bundles.bundle import Bundle, read_bundle
from tl_core.datasets.images.decode import decode_image
from tl_core.datasets.images.preparation import Preparation
from tl_core.disk.files import WEIGHTS_FILE, read_tensors
from tl_core.engine.service import Engine
from tl_core.errors import StoreError, TransferLabError
from tl_core.models.catalog import backbones
from tl_core.paths import ASSETS
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.limits import Limits
from tl_core.store.records import RunState, Visibility
from tl_core.store.run_dataset import run_preparation
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN, TEACHER = Visitor("anna"), Visitor("ben"), Visitor("t", is_instructor=True)
SAMPLES = ASSETS / "samples"


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Iterator[Bench]:
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(SqliteStore(tmp_path / "home"), tmp_path / "home")
    yield made
    made.engine.close()


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    return read_bundle(good(tmp_path), "net.tlnet")


def code_of(action, *args, **more) -> str:
    with pytest.raises(TransferLabError) as caught:
        action(*args, **more)
    return caught.value.code


# ---- in ----


def test_a_run_that_was_brought_in_is_completed_and_claims_nothing_as_measured(bench, bundle):
    record = bench.engine.runs.import_network(bundle, by=BEN, name="from Anna")
    assert (record.state, record.owner, record.role, record.name) == (RunState.COMPLETED, "ben", "run", "from Anna")
    assert (record.visibility, record.fingerprint, record.recorded_from) == (Visibility.PRIVATE, None, None)
    assert record.spec == SPEC.to_dict()
    assert record.environment == {
        "imported": {"name": "my run", "test_accuracy": 0.75, "ended_at": ENDED},
        "classes": list(CLASSES),
    }
    assert (record.test_accuracy, record.scores, record.seconds, record.proof) == (None, None, None, None)
    assert (record.best_epoch, record.is_cached) == (1, True)
    squeezenet = backbones()["squeezenet"]
    assert (record.frozen_params, record.trainable_params) == (squeezenet.params, 513 * 10)
    seen = bench.engine.runs.snapshot(record.id, by=BEN)
    assert (seen.record, seen.epochs, seen.trace, seen.is_active) == (record, (), (), False)
    assert bench.engine.store.list_runs() == [record]


def test_the_weights_are_written_as_this_server_writes_them(bench, bundle):
    folder = bench.engine.store.run_folder(bench.engine.runs.import_network(bundle, by=BEN, name="x").id)
    arrays, texts = read_tensors(folder / WEIGHTS_FILE)
    assert texts == {"about": bundle.about()}
    for name, array in head().items():
        np.testing.assert_array_equal(arrays[name], array)
    assert {path.name for path in folder.iterdir()} == {WEIGHTS_FILE, "record.json"}


def test_what_was_brought_in_stands_for_no_run_that_somebody_wants_to_train(bench, bundle):
    record = bench.engine.runs.import_network(bundle, by=BEN, name="x")
    assert not bench.engine.runs.is_known(SPEC)
    mine = bench.engine.runs.submit(SPEC, by=BEN, name="mine")
    assert (mine.state, mine.id == record.id) == (RunState.QUEUED, False)


def test_it_survives_the_loss_of_the_list_of_runs(bench, bundle, tmp_path):
    record = bench.engine.runs.import_network(bundle, by=BEN, name="x")
    bench.engine.store.close()
    for path in (tmp_path / "home").glob("runs.sqlite*"):
        path.unlink()
    with SqliteStore(tmp_path / "home") as store:
        assert store.get(record.id).environment == record.environment


def test_it_is_classified_with_by_whoever_may_see_it(bench, bundle):
    record = bench.engine.runs.import_network(bundle, by=BEN, name="x")
    bench.engine.requests.classify(record.id, [], by=BEN)
    assert bench.worker.sent[-1]["subject"] == record.id
    assert code_of(bench.engine.requests.classify, record.id, [], by=ANNA) == "unknown_run"


def test_a_bad_name_and_a_student_who_has_too_much_are_refused(bench, bundle):
    assert code_of(bench.engine.runs.import_network, bundle, by=BEN, name="a\nb") == "bad_run_name"
    bench.engine.classroom.set_limits(Limits(runs=1), by=TEACHER)
    bench.engine.runs.import_network(bundle, by=BEN, name="x")
    assert code_of(bench.engine.runs.import_network, bundle, by=BEN, name="x") == "too_many_runs"
    assert len(bench.engine.store.list_runs()) == 1


def test_a_disk_that_refuses_leaves_no_run_behind(bench, bundle, monkeypatch):
    def refuse(*_) -> None:
        raise StoreError("disk_full", needed_bytes=1, free_bytes=0)

    monkeypatch.setattr(transfer, "write_tensors", refuse)
    assert code_of(bench.engine.runs.import_network, bundle, by=BEN, name="x") == "disk_full"
    assert bench.engine.store.list_runs() == []
    assert [path.name for path in (bench.home / "runs").iterdir()] == []


def altered(folder: Path, n_classes: int = 10, arrays: dict | None = None, **spec: object) -> Bundle:
    """A bundle whose description and weights agree with each other, but perhaps not with any network."""
    changed = RunSpec.from_dict(SPEC.to_dict() | spec)
    return read_bundle(good(folder, spec=changed, n_classes=n_classes, arrays=arrays), "net.tlnet")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"backbone": "evilnet"}, "bundle_spec"),
        ({"backbone": "x" * 500}, "bundle_spec"),
        ({"n_frozen": 10}, "bundle_spec"),
        ({"backbone": "inception_v3", "n_frozen": 12, "image_size": 64}, "bundle_spec"),
        ({"head": "flatten-dense", "image_size": 320, "hidden": 4096}, "bundle_spec"),
        ({"head": "flatten-dense", "image_size": 224, "hidden": 4096, "backbone": "mobilenet_v2"}, "bundle_unfit"),
        ({"head": "dense", "hidden": 4096}, "bundle_unfit"),
        ({"n_frozen": 8}, "bundle_unfit"),
        ({"n_frozen": 0, "backbone": "resnet50"}, "bundle_unfit"),
    ],
    ids=str,
)
def test_a_small_file_cannot_ask_for_a_large_network(bench, tmp_path, spec, code):  # M03
    assert code_of(bench.engine.runs.import_network, altered(tmp_path, **spec), by=BEN, name="x") == code
    assert bench.engine.store.list_runs() == []
    assert bench.worker.sent == []


def test_weights_of_too_many_whole_numbers_are_refused(bench, tmp_path):  # M03
    seeds = {"0000": np.zeros(1001, np.int64)}
    arrays = seeds | {f"000{at}": array for at, array in enumerate(head().values(), 1)}
    assert (
        code_of(bench.engine.runs.import_network, altered(tmp_path, arrays=arrays), by=BEN, name="x") == "bundle_unfit"
    )


# ---- out ----


@pytest.fixture
def finished(bench) -> str:
    """A run of Anna's that is completed."""
    store = bench.engine.store
    record = store.create_run(SPEC.to_dict(), role="run", name="my run", environment={}, owner="anna")
    store.start_run(record.id, frozen_params=1, trainable_params=2, is_cached=True)
    write_run(store.run_folder(record.id))
    store.finish_run(record.id, RunState.COMPLETED, best_epoch=1, test_accuracy=0.75)
    return record.id


def test_whoever_may_see_a_run_may_take_its_network_along_and_nobody_else(bench, finished):
    engine = bench.engine
    mine = engine.runs.bundle(finished, by=ANNA)
    assert engine.runs.bundle(finished, by=TEACHER) == engine.runs.bundle(finished[:8], by=ANNA) == mine
    for by in (BEN, Visitor("")):
        assert code_of(engine.runs.bundle, finished, by=by) == "unknown_run"
    engine.runs.share(finished, Visibility.LINK, by=ANNA)
    assert engine.runs.bundle(finished, by=BEN) == mine
    for received in (finished[:31], "../../etc", ""):
        assert code_of(engine.runs.bundle, received, by=BEN) == "unknown_run"
    engine.runs.share(finished, Visibility.CLASS, by=ANNA)
    assert engine.runs.bundle(finished, by=BEN) == mine


def test_a_bundle_does_not_name_the_run_whose_link_opens_it(bench, finished):
    assert finished[:12].encode() not in bench.engine.runs.bundle(finished, by=ANNA)


def test_a_run_without_weights_or_with_damaged_ones_gives_no_file(bench, finished):
    run_id = bench.submit("x", by=ANNA)
    assert code_of(bench.engine.runs.bundle, run_id, by=ANNA) == "run_without_weights"
    (bench.engine.store.run_folder(finished) / WEIGHTS_FILE).write_bytes(b"x")
    assert code_of(bench.engine.runs.bundle, finished, by=ANNA) == "file_damaged"


def test_names_of_classes_come_from_the_record_or_the_data(bench, finished):
    said, _ = parts(bench.engine.runs.bundle(finished, by=ANNA))
    assert said["classes"] == list(CLASSES)
    own = told(bench.engine.runs.bundle(finished, by=ANNA), classes=list("abcdefghij"))
    record = bench.engine.runs.import_network(read_bundle(own, "x"), by=BEN, name="mine now")
    said, _ = parts(bench.engine.runs.bundle(record.id, by=BEN))
    assert (said["classes"], said["name"], said["test_accuracy"]) == (list("abcdefghij"), "mine now", 0.75)


def test_a_run_on_data_of_ones_own_names_the_classes_that_its_record_kept(bench):
    told = {"n_train": 9, "n_validation": 9, "n_test": 9, "image_size": 64, "channels": 3, "can_flip": True}
    own = SPEC.with_changes(dataset="own-0123456789ab")
    store, environment = bench.engine.store, {"data": told | {"classes": [f"类 {at}" for at in range(10)]}}
    record = store.create_run(own.to_dict(), role="run", name="own", environment=environment, owner="anna")
    store.start_run(record.id, frozen_params=1, trainable_params=2, is_cached=True)
    write_run(store.run_folder(record.id), spec=own)
    store.finish_run(record.id, RunState.COMPLETED, best_epoch=1)
    read = read_bundle(bench.engine.runs.bundle(record.id, by=ANNA), "x")
    assert read.classes == tuple(f"类 {at}" for at in range(10))
    assert bench.engine.runs.import_network(read, by=BEN, name="x").environment["classes"] == list(read.classes)


def test_how_pictures_are_made_ready_travels_with_a_network_and_on(bench, tmp_path):
    way = Preparation("fit", "grey", 7, 4095)
    record = bench.engine.runs.import_network(replace(altered(tmp_path), preparation=way), by=BEN, name="x")
    assert run_preparation(record, tmp_path) == way
    again = read_bundle(bench.engine.runs.bundle(record.id, by=BEN), "x")
    assert again.preparation == way


@pytest.mark.parametrize("dataset", ["own-0123456789abcdef0123", "flowers-of-2031", "own-../../x"])
def test_data_of_somebodys_own_are_forgotten_so_that_the_run_is_no_claim_to_them(bench, tmp_path, dataset):  # X01
    bundle = altered(tmp_path, dataset=dataset)
    record = bench.engine.runs.import_network(bundle, by=BEN, name="x")
    assert record.spec == SPEC.to_dict() | {"dataset": "elsewhere"}
    assert bench.engine.store.list_runs(text=dataset) == []
    again = read_bundle(bench.engine.runs.bundle(record.id, by=BEN), "x")
    assert (again.spec, again.classes) == (SPEC.with_changes(dataset="elsewhere"), bundle.classes)
    assert bench.engine.runs.import_network(again, by=ANNA, name="x").spec == record.spec


def test_a_network_that_nobody_could_bring_in_is_not_given_out(bench, finished):
    odd = SPEC.with_changes(head="flatten-dense", image_size=100)
    store = bench.engine.store
    record = store.create_run(odd.to_dict(), role="run", name="odd", environment={}, owner="anna")
    store.start_run(record.id, frozen_params=1, trainable_params=2, is_cached=True)
    write_run(store.run_folder(record.id), spec=odd)
    store.finish_run(record.id, RunState.COMPLETED, best_epoch=1)
    assert code_of(bench.engine.runs.bundle, record.id, by=ANNA) == "bundle_spec"


# ---- with real networks ----

TINY = SPEC.with_changes(batch_size=16, threads=None, image_size=32, per_class=2)
TRAINED = {
    "a linear head": TINY,
    "another seed": TINY.with_changes(seed=1),
    "a dense head with dropout": TINY.with_changes(head="dense", hidden=8, dropout=0.5),
    "the last blocks, with BatchNorm": TINY.with_changes(backbone="mobilenet_v2", n_frozen=17),
    "everything, from scratch": TINY.with_changes(weights="random", n_frozen=0),
}


def opened(home: Path) -> Engine:
    engine = Engine(SqliteStore(home), home)
    until("a worker is ready", lambda: engine.status().device is not None)
    return engine


def answers(engine: Engine, run_id: str, by: Visitor) -> np.ndarray:
    pictures = [decode_image((SAMPLES / name).read_bytes(), name) for name in ("cat_1.jpg", "orange_1.jpg")]
    return np.asarray(engine.requests.classify(run_id, pictures, by=by).result(PATIENCE_S))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[str, tuple[bytes, bytes, np.ndarray]]:
    """Of each network: its file, its weights where it was trained, and what it says of two pictures."""
    home = tmp_path_factory.mktemp("there")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_WORKERS", "1")
        engine, found = opened(home), {}
        ids = {name: engine.runs.submit(spec, by=ANNA, name=name).id for name, spec in TRAINED.items()}
        for name, run_id in ids.items():
            until(f"{name} is trained", lambda run_id=run_id: not engine.runs.snapshot(run_id, by=ANNA).is_active)
            record = engine.runs.snapshot(run_id, by=ANNA).record
            assert (record.state, record.error) == (RunState.COMPLETED, None)
            weights = (engine.store.run_folder(run_id) / WEIGHTS_FILE).read_bytes()
            found[name] = engine.runs.bundle(run_id, by=ANNA), weights, answers(engine, run_id, ANNA)
        engine.close()
    return found


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_WORKERS", "1")
        engine = opened(tmp_path_factory.mktemp("here"))
        yield engine
        engine.close()


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.parametrize("name", list(TRAINED))
def test_what_was_brought_in_elsewhere_says_the_same(trained, elsewhere, name):  # M07
    data, _, expected = trained[name]
    record = elsewhere.runs.import_network(read_bundle(data, "x"), by=BEN, name=name)
    found = answers(elsewhere, record.id, BEN)
    assert found.shape == (2, 10)
    assert np.abs(found - expected).max() <= 1e-6


@pytest.mark.processes
@pytest.mark.slow
def test_each_download_holds_the_weights_of_its_own_run(trained):  # M08
    hashes = set()
    for data, weights, _ in trained.values():
        inside = hashlib.sha256(header(data)[1]).hexdigest()
        assert inside == hashlib.sha256(header(weights)[1]).hexdigest()
        hashes.add(inside)
    assert len(hashes) == len(trained)
    one, other = (trained[name][0] for name in ("a linear head", "another seed"))
    assert abs(len(one) - len(other)) < 100


@pytest.mark.processes
@pytest.mark.slow
def test_weights_of_another_shape_and_as_many_numbers_are_one_sentence_in_the_worker(
    trained, elsewhere, tmp_path
):  # M03
    name = "a dense head with dropout"
    bundle = read_bundle(trained[name][0], "x")
    shapes = [array.shape for array in bundle.arrays.values()]
    first = next(at for at, array in bundle.arrays.items() if array.shape == (512, 8))
    turned = bundle.arrays | {first: bundle.arrays[first].reshape(8, 512)}
    wrong = read_bundle(good(tmp_path, arrays=turned, spec=bundle.spec), "x")
    assert [array.shape for array in wrong.arrays.values()] != shapes
    record = elsewhere.runs.import_network(wrong, by=BEN, name="wrong")
    pictures = [decode_image((SAMPLES / "cat_1.jpg").read_bytes(), "cat")]
    error = elsewhere.requests.classify(record.id, pictures, by=BEN).exception(timeout=PATIENCE_S)
    assert isinstance(error, TransferLabError)
    assert error.to_dict() == {"code": "file_damaged", "values": {"path": WEIGHTS_FILE}}
    assert answers(elsewhere, elsewhere.runs.import_network(bundle, by=BEN, name="right").id, BEN).shape == (2, 10)
