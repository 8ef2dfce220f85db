"""What the README and the lessons claim, measured: real weights, real photographs, fixed seeds.

`make test-all ARGS="tests/test_claims.py -s"` prints the table. What the ordinary run tries is worth its minute: these
are the defaults, and what a student sees first.
"""

import pytest

from tl_core.engine.environment import environment
from tl_core.engine.inline import train_here
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.spec import RunSpec
from tl_core.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.slow
SEEDS = (0, 1, 2)
LARGE = ("mobilenet_v2", "efficientnet_lite0")


@pytest.fixture(scope="module")
def accuracy(tmp_path_factory):
    """Trains a spec and returns its test accuracy; each spec once, all sharing one prefix cache."""
    home = tmp_path_factory.mktemp("claims")
    store, known = SqliteStore(home), {}

    def of(spec: RunSpec) -> float:
        if spec not in known:
            record = store.create_run(spec.to_dict(), role="run", name="claim", environment=environment())
            ended = train_here(store, home, record.id, spec, on_event=lambda event: None)
            assert ended.state == "completed", ended.error
            known[spec] = ended.scores["accuracy"]
            print(
                f"\n{spec.dataset:18} {spec.backbone:20} {spec.weights:10} frozen {spec.n_frozen:2} seed {spec.seed}"
                f"  {spec.epochs} epochs  test accuracy {known[spec]:.3f}  {ended.seconds:.0f} s",
                end="",
            )
        return known[spec]

    yield of
    store.close()


def head_only(dataset: str, backbone: str, seed: int) -> RunSpec:
    """The defaults: every block frozen, 160 px, 5 epochs."""
    return plan_run({"dataset": dataset, "backbone": backbone, "seed": seed})


def with_more_seeds() -> list:
    """Returns the first seed, and the others for a release."""
    return [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.full) for seed in SEEDS[1:])]


@pytest.mark.parametrize("seed", with_more_seeds())
@pytest.mark.parametrize("backbone", [LARGE[0], pytest.param(LARGE[1], marks=pytest.mark.full)])
def test_frozen_features_tell_14_fruits_apart_in_two_of_three_cases(accuracy, backbone, seed):
    assert accuracy(head_only("groceries", backbone, seed)) >= 0.66


@pytest.mark.full  # a minute for each; the fruits hold the same promise
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("backbone", LARGE)
def test_frozen_features_reach_80_percent_on_cifar10(accuracy, backbone, seed):
    assert accuracy(head_only("cifar10-small", backbone, seed)) >= 0.80


@pytest.mark.full
@pytest.mark.parametrize("backbone", LARGE)
def test_from_scratch_stays_15_points_below_with_the_same_epochs(accuracy, backbone):
    """At full size; the journey of a student holds it for fewer and smaller pictures, on what it trains anyway."""
    spec = head_only("groceries", backbone, 0)
    assert accuracy(spec) - accuracy(baseline_of(spec)) >= 0.15
