"""Measuring, in this process."""

from pathlib import Path

import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.spec import RunSpec

CLEAR_REFS = Path("/proc/self/clear_refs")
SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=1)


@pytest.mark.parametrize("changes", [{}, {"n_frozen": 0}, {"n_frozen": 4, "use_cache": False}, {"batch_size": 512}])
def test_a_measurement_takes_place_and_says_what_it_measured(changes, tmp_path):
    from tl_core.engine.worker.tasks.measure import MEASURED_BATCH, measure

    spec = SPEC.with_changes(**changes)
    value = finished(measure(spec, tmp_path))
    assert value["step_s"] > 0
    assert value["batch_size"] == min(spec.batch_size, MEASURED_BATCH)
    assert (value["prefix_s"] > 0) == (spec.n_frozen > 0 and spec.use_cache)
    assert (value["pass_bytes"] is not None) == (value["prefix_s"] > 0 and CLEAR_REFS.exists())
    assert value["eval_s"] > 0
    assert value["is_bound"] == (spec.n_frozen < 9)


@pytest.mark.parametrize("head", ["svm", "logistic"])
def test_of_a_head_that_is_fitted_at_once_only_the_pass_is_measured(tmp_path, head):
    from tl_core.engine.worker.tasks.measure import measure

    value = finished(measure(SPEC.with_changes(head=head), tmp_path))
    assert value["prefix_s"] > 0
    assert (value["step_s"], value["eval_s"]) == (0, 0)
