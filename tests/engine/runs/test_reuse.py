"""Which recorded run may stand for a new one."""

import subprocess
import sys
from dataclasses import fields

import pytest

from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine import environment
from tl_core.engine.runs import reuse
from tl_core.errors import UnknownIdError
from tl_core.models.weights import WEIGHTS_FOLDER
from tl_core.spec import CHOICES, RunSpec
from tl_core.store.records import RunState

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=3)
CHANGES = {
    **{field.name: 7 for field in fields(RunSpec)},
    **{name: choices[-1] for name, choices in CHOICES.items()},
    **{"optimizer": "adam", "augment": "none", "views": "rolling"},
    **{"dataset": "groceries-coarse", "backbone": "resnet50", "nesterov": True, "use_cache": False},
    **{"image_size": 96, "dropout": 0.5, "momentum": 0.5, "learning_rate": 0.5},
    **{"decay": 0.5, "decay_factor": 0.1},
    **{"phases": 1, "head_learning_rate": 0.5, "batchnorm_momentum": 0.5},
}
BESIDE = {
    "svm_c": {"head": "svm"},
    "logistic_c": {"head": "logistic"},
    "decay": {"schedule": "inverse-time"},
    "decay_factor": {"schedule": "step"},
    "decay_epochs": {"schedule": "step"},
}  # what makes such a field decide something


@pytest.fixture
def store():
    with MemoryStore() as made:
        yield made


@pytest.mark.parametrize("name", [field.name for field in fields(RunSpec) if field.name != "threads"])
def test_every_choice_in_a_spec_but_its_threads_makes_another_fingerprint(name):
    used = {"head": "dense", "optimizer": "sgd", "augment": "light", "views": "fixed"}  # so that every field is used
    every = SPEC.with_changes(backbone="mobilenet_v2", phases=2, **used)
    every = every.with_changes(**BESIDE.get(name, {}))
    changed = every.with_changes(**{name: CHANGES[name]})
    assert changed != every
    assert reuse.fingerprint(changed) != reuse.fingerprint(every)


def test_equal_specs_have_equal_fingerprints_whatever_their_threads():
    assert reuse.fingerprint(SPEC.with_changes(threads=1)) == reuse.fingerprint(SPEC)
    assert reuse.fingerprint(RunSpec.from_dict(SPEC.to_dict())) == reuse.fingerprint(SPEC)
    assert len(reuse.fingerprint(SPEC)) == 64


def test_pictures_weights_and_code_are_part_of_it(monkeypatch):
    before = reuse.fingerprint(SPEC)
    for name in ("_pictures_hash", "_weights_hash"):
        with monkeypatch.context() as patch:
            patch.setattr(reuse, name, lambda id: "another file")
            assert reuse.fingerprint(SPEC) != before
    with monkeypatch.context() as patch:
        patch.setattr(reuse, "code_version", lambda: "a later version")
        assert reuse.fingerprint(SPEC) != before


def test_weights_do_not_matter_where_a_network_starts_at_random(monkeypatch):
    scratch = SPEC.with_changes(weights="random")
    before = reuse.fingerprint(scratch)
    monkeypatch.setattr(reuse, "_weights_hash", lambda id: "another file")
    assert reuse.fingerprint(scratch) == before


def test_backbones_that_are_downloaded_are_known_by_their_published_hash():
    assert reuse._weights_hash("inception_v3") == "md5:bcbd6486424b2319ff4ef7d526e38f63"
    assert reuse._weights_hash("squeezenet").startswith("sha256:")
    assert (WEIGHTS_FOLDER / "squeezenet.safetensors").is_file()


@pytest.mark.parametrize(
    ("spec", "idle"),
    [
        (SPEC.with_changes(augment="none"), {"views": "fresh", "n_views": 9}),
        (SPEC.with_changes(n_frozen=0), {"use_cache": False, "views": "fixed"}),
        (SPEC.with_changes(optimizer="adam"), {"momentum": 0.1, "nesterov": True}),
        (SPEC.with_changes(head="linear"), {"hidden": 7}),
        (SPEC, {"threads": 3}),
    ],
)
def test_what_a_run_does_not_use_makes_no_difference(spec, idle):
    assert reuse.fingerprint(spec.with_changes(**idle)) == reuse.fingerprint(spec)
    assert reuse.fingerprint(spec.with_changes(seed=spec.seed + 1)) != reuse.fingerprint(spec)


def test_what_is_not_bundled_has_no_fingerprint_and_is_never_found(store):
    spec = SPEC.with_changes(dataset="cifar10")
    assert reuse.fingerprint(spec) is None
    assert reuse.find(store, spec) is None


def test_an_unknown_data_set_is_refused():
    with pytest.raises(UnknownIdError):
        reuse.fingerprint(SPEC.with_changes(dataset="nothing"))


def test_the_code_that_decides_results_is_hashed_and_no_other():
    names = [path.relative_to(environment._CORE).as_posix() for path in environment._decisive_files()]
    wanted = {"spec.py", "seeds.py", "training/trainer.py", "models/blocks.json", "evaluation/scores.py"}
    assert wanted | {"engine/worker/tasks/train.py", "datasets/arrays.py"} <= set(names)
    assert names == sorted(names)
    assert not [name for name in names if name.startswith(("store/", "charts/", "engine/service"))]


def test_another_version_of_keras_is_another_code(monkeypatch):
    here = environment.environment()
    before = environment.code_version()
    newer = here | {"versions": here["versions"] | {"keras": "99"}}
    monkeypatch.setattr(environment, "environment", lambda: newer)
    assert environment.code_version.__wrapped__() != before


def test_tensorflow_for_processors_alone_is_the_same_code(monkeypatch):
    here, before = environment.environment(), environment.code_version()
    versions = {name.removesuffix("-cpu"): version for name, version in here["versions"].items()}
    monkeypatch.setattr(environment, "environment", lambda: here | {"versions": versions})
    assert environment.code_version.__wrapped__() == before


def test_a_finished_run_is_found_by_its_spec(store):
    key = reuse.fingerprint(SPEC)
    run = store.create_run(SPEC.to_dict(), role="run", name="n", environment={}, fingerprint=key)
    store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=True)
    (store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"weights")
    assert reuse.find(store, SPEC) is None
    ended = store.finish_run(run.id, RunState.COMPLETED, test_accuracy=0.5)
    assert reuse.find(store, SPEC.with_changes(threads=1)) == ended
    assert reuse.find(store, SPEC.with_changes(seed=1)) is None


def test_looking_for_a_run_loads_neither_keras_nor_tensorflow():
    script = (
        "import sys; from tl_core.engine.runs import reuse; from tl_core.spec import RunSpec;"
        " reuse.fingerprint(RunSpec()); assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
