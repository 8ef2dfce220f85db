"""What the traps in settings may say, measured with real runs and fixed seeds.

What BatchNorm's moving statistics cost, and a random head at small rates, is held by
tests/experiments/presets/test_measured_tuning.py;
how far scratch lies behind after 35 and 315 steps, by test_measured_catch_up.py beside it.
"""

import pytest

from tl_core.datasets.catalog import dataset_info
from tl_core.engine.environment import environment
from tl_core.engine.inline import train_here
from tl_core.lessons.linter import traps
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.slow
SMALL = {"dataset": "cifar10-small", "per_class": 50, "image_size": 64}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains settings that have one trap, and the same without it: trained(code, options) → test accuracy of both."""
    home = tmp_path_factory.mktemp("traps")
    store = SqliteStore(home)

    def accuracy(spec: RunSpec) -> float:
        record = store.create_run(spec.to_dict(), role="run", name="trap", environment=environment())
        ended = train_here(store, home, record.id, spec, on_event=lambda event: None)
        assert ended.state == "completed", ended.error
        print(f"{ended.scores['accuracy']:.3f}", end=" ")
        return ended.scores["accuracy"]

    def both(code: str, options: dict) -> tuple[float, float]:
        spec = plan_run(options)
        (trap,) = traps(spec, dataset_info(spec.dataset))
        assert trap.code == code
        return accuracy(spec), accuracy(trap.mended(spec))

    yield both
    store.close()


@pytest.mark.full  # a minute and a half; the two below are quicker
def test_a_high_rate_for_many_blocks_gains_nothing_that_the_usual_rate_gains(trained):
    high, usual = trained("rate_high", {**SMALL, "n_frozen": 12, "learning_rate": 1e-3})
    assert usual - high >= 0.04


@pytest.mark.full
@pytest.mark.parametrize("rate", [1e-3, 3e-3])
def test_the_same_holds_for_another_seed_and_higher_rates(trained, rate):
    high, usual = trained("rate_high", {**SMALL, "n_frozen": 12, "learning_rate": rate, "seed": 1})
    assert usual - high >= 0.04


@pytest.mark.full
def test_a_random_head_beside_blocks_without_batchnorm_costs_ten_points(trained):
    at_once, head_first = trained("random_head", {**SMALL, "backbone": "squeezenet", "n_frozen": 5, "phases": 1})
    assert head_first - at_once >= 0.10


@pytest.mark.full
@pytest.mark.parametrize("dataset", ["cifar10-small", "groceries"])
def test_pictures_of_which_one_place_is_left_cost_twenty_points(trained, dataset):
    options = {"dataset": dataset, "per_class": 50, "image_size": 32, "head": "logistic"}
    tiny, larger = trained("tiny_pictures", options)
    assert larger - tiny >= 0.20
