"""Scores on shifted pictures, in this process, against the network asked by hand."""

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.datasets.arrays import batch, load_dataset
from tl_core.errors import InputError
from tl_core.evaluation.shifts import SHIFTS, shifted
from tl_core.spec import RunSpec

SPEC = RunSpec(dataset="chest-xray-small", backbone="squeezenet", image_size=32, n_frozen=9, per_class=4)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from tl_core.models.build import build
    from tl_core.models.trained import save_trained

    place = tmp_path_factory.mktemp("home")
    (place / "runs" / "one").mkdir(parents=True)
    save_trained(place / "runs" / "one", build(SPEC, 2).suffix, SPEC, 2)
    return place


def asked(home, *specs: RunSpec) -> dict:
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.shifted import run

    runs = [{"id": "one", "spec": spec.to_dict()} for spec in specs]
    return finished(run(Kept.empty(home), runs=runs, parameters={}))


def test_each_kind_is_what_the_network_says_of_pictures_so_shifted(home):
    from tl_core.models.trained import load_trained

    said = asked(home, SPEC)
    data, network = load_dataset("chest-xray-small", home), load_trained(home / "runs" / "one")[0]
    (row,) = said["scores"]
    assert said["n"] == len(data.test)
    for kind in ("clean", *SHIFTS):
        pictures = shifted(batch(data, data.test, 32), data.test, kind)
        right = network.full.predict(pictures, verbose=0).argmax(axis=1) == data.labels[data.test]
        assert row[kind] == pytest.approx(np.mean(right), abs=1.5 / len(data.test))


def test_runs_of_other_pictures_are_not_put_side_by_side(home):
    with pytest.raises(InputError) as refused:
        asked(home, SPEC, SPEC.with_changes(dataset="groceries"))
    assert refused.value.code == "insight_other_data"
