"""What a sweep of one's own says of real runs with fixed seeds."""

import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.own import own_sweep
from tl_core.experiments.own_answer import answer
from tl_core.experiments.preset import Setting
from tl_core.planning.plan import plan_run

pytestmark = pytest.mark.slow


@pytest.mark.full
def test_twenty_pictures_a_class_are_told_from_one_and_a_picture_more_is_not(tmp_path):
    sweep = own_sweep(plan_run({"dataset": "groceries", "head": "logistic"}), {"per_class": (1, 20, 19)}, range(5))
    found = answer(Trainer(tmp_path).rows(sweep))
    assert found is not None
    (one,) = found.more
    assert (one.code, one.values["n_clear"]) == ("own_some", 1)
    assert one.values["other"] == Setting("per_class", 1)
    assert one.values["low"] >= 0.15
