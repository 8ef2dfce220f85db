"""Scores of the features that probes stand on, in this process, against features computed by hand."""

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.datasets.arrays import batch, load_dataset, select_per_class
from tl_core.errors import InputError
from tl_core.evaluation.transferability import log_me, neighbours_accuracy
from tl_core.spec import RunSpec

PROBE = RunSpec(
    dataset="chest-xray-small",
    backbone="squeezenet",
    image_size=32,
    n_frozen=4,
    head_at=4,
    head="logistic",
    per_class=8,
    arithmetic="exact",
)


def asked(home, *specs: RunSpec) -> dict:
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.advice import run

    runs = [{"id": f"run-{at}", "spec": spec.to_dict()} for at, spec in enumerate(specs)]
    return finished(run(Kept.empty(home), runs=runs, parameters={}))


def test_each_run_is_scored_on_what_its_head_is_fed(tmp_path):
    import keras

    from tl_core.models.build import build

    said = asked(tmp_path, PROBE, PROBE.with_changes(head_at=None, n_frozen=9))
    assert [row["run"] for row in said["scores"]] == ["run-0", "run-1"]
    data = load_dataset("chest-xray-small", tmp_path)
    train = select_per_class(data.labels, data.train, 8, 0)
    network = build(PROBE, 2)
    maps = keras.Model(network.full.inputs[0], network.blocks[3].tensor)
    known, test = (
        maps.predict(batch(data, numbers, 32), verbose=0).mean(axis=(1, 2)) for numbers in (train, data.test)
    )
    row, n_test = said["scores"][0], len(data.test)
    expected = neighbours_accuracy(known, data.labels[train], test, data.labels[data.test])
    assert row["knn"] == pytest.approx(expected, abs=1.5 / n_test)
    assert row["logme"] == pytest.approx(log_me(known, data.labels[train]), rel=1e-2)
    assert 0.5 < row["svm"] <= 1.0
    assert said["n"] == n_test
    assert np.isfinite([row[name] for row in said["scores"] for name in ("knn", "svm", "logme")]).all()


def test_runs_of_other_pictures_are_not_put_side_by_side(tmp_path):
    with pytest.raises(InputError) as refused:
        asked(tmp_path, PROBE, PROBE.with_changes(dataset="groceries"))
    assert refused.value.code == "insight_other_data"
