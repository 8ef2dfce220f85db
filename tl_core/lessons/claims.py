"""Claims on trial: sentences from widely read programs, and for each the experiment that may speak for or against it.

What is claimed, what the experiment is, and what it does not show are copy, `claim.<id>.…`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tl_core.datasets.catalog import dataset_info
from tl_core.experiments.own import KIND
from tl_core.experiments.preset import Row
from tl_core.experiments.sweep import SEED, Cell, Level, Sweep
from tl_core.lessons.findings import (
    CLOSE,
    Finding,
    Runs,
    always_quicker,
    counted,
    gains_more,
    higher,
    overfits_more,
    same,
    unchanged,
)
from tl_core.lessons.measures import Result
from tl_core.models.catalog import backbone_info
from tl_core.models.layer_table import layers_of
from tl_core.planning.plan import scratch_rate
from tl_core.store.records import RunState

DONE = RunState.COMPLETED.value
VOTES = ("fits", "not", "unknown")
"""What somebody may say of a claim before it is tried."""


@dataclass(frozen=True)
class Arm:
    """One side of an experiment.

    Attributes:
        factors: Fields of a run → their values: what tells it from the other arms, as tables have it.
        options: Of `planning.plan.plan_run`, before those that all arms share.
    """

    factors: Mapping[str, Level]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """A sentence on trial.

    Attributes:
        id: Names its words and, in links, its card.
        source: Id in `planning.recipes` of the kind of program that says so.
        judge: Returns what runs say of it; None as long as they say nothing. Of a fact it is asked without any.
        base: Options of `planning.plan.plan_run` that all arms share.
        arms: Name → arm, in the order in which they are trained; none for a fact of the catalogue.
        n_seeds: With how many seeds each is trained, from 0 on.
    """

    id: str
    source: str
    judge: Callable[[Runs], Finding | None]
    base: Mapping[str, Any] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=dict)
    n_seeds: int = 1

    @property
    def is_fact(self) -> bool:
        """Whether it is decided by counting, without a run."""
        return not self.arms

    def sweep(self, vote: str = "") -> Sweep:
        """Returns the experiment: ordinary runs, which keep what somebody said of the claim beforehand."""
        cells = tuple(Cell(dict(arm.factors), dict(arm.options)) for arm in self.arms.values())
        return Sweep(KIND, dict(self.base), cells, tuple(range(self.n_seeds)), vote)

    def is_tried_by(self, told: Mapping[str, Any]) -> bool:
        """Says whether a sweep, as its record has it, is the experiment of this claim, perhaps with more seeds."""
        if self.is_fact or (told.get("kind"), told.get("base")) != (KIND, dict(self.base)):
            return False
        return told.get("cells") == self.sweep().to_dict()["cells"]

    def results(self, rows: Sequence[Row], find: Callable[[str], Result]) -> Runs:
        """Returns what the runs of its experiment have recorded.

        Args:
            rows: Of its sweep, in order.
            find: Returns a run by its id.
        """
        names = list(self.arms)
        return {
            name: {row[SEED]: find(row["run_id"]) for row in rows[at :: len(names)] if row["state"] == DONE}
            for at, name in enumerate(names)
        }


def _frozen(**more: Any) -> dict[str, Any]:
    return {"freeze": "all", **more}


def _scratch(backbone: str, **more: Any) -> dict[str, Any]:
    """Returns how a network is trained from random numbers, at the rate that suits it."""
    rate = scratch_rate(backbone, "adam")
    return {"weights": "random", "freeze": "none", "phases": 1, "learning_rate": rate, **more}


def _probe(at: str, of: Mapping[str, Any]) -> Arm:
    """Returns a converged linear probe behind a block."""
    return Arm({"dataset": of["dataset"], "head_at": at}, _frozen(head="logistic", head_at=at, **of))


SMALL: Mapping[str, Any] = {"backbone": "squeezenet", "image_size": 32}
DIGITS = {"dataset": "mnist-small", **SMALL}
N_EACH = 180  # digits of each class, which are all
SMALL_CIFAR = {"dataset": "cifar10-small", "image_size": 32, "per_class": 50}
NEAR = {"dataset": "groceries", "image_size": 160, "per_class": 20}
FAR = {"dataset": "mnist-small", "image_size": 64, "per_class": 50}
LOWEST = "stem"
INSIDE = {"middle": "block_6", "last": "top"}
FRUIT = {"dataset": "groceries", "backbone": "mobilenet_v2", "image_size": 96}
RAW, UNIT = {"fault": "raw-pixels"}, {"fault": "unit-pixels"}
SGD = {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True}


def _large_data() -> Claim:
    """What transfer is ahead of training from scratch by, with few digits and with all of them."""
    arms = {}
    for name, size, epochs in (("few", 5, 40), ("many", N_EACH, 8)):
        for start, options in (
            ("transfer", _frozen(head="logistic")),
            ("scratch", _scratch(SMALL["backbone"], epochs=epochs)),
        ):
            weights = "pretrained" if start == "transfer" else "random"
            factors: dict[str, Level] = {"per_class": size, "weights": weights}
            arms[f"{name}_{start}"] = Arm(factors, {"per_class": size, **options})
    many, few = ("many_transfer", "many_scratch"), ("few_transfer", "few_scratch")
    return Claim("large_data", "a", lambda runs: gains_more(runs, many, few), DIGITS, arms, 3)


def _saves_time() -> Claim:
    """An epoch with everything frozen, and one with nothing frozen, beside one from scratch."""
    n_blocks, whole = backbone_info(SMALL["backbone"]).n_blocks, {"freeze": "none", "phases": 1, "learning_rate": 1e-4}
    arms = {
        "frozen": Arm({"weights": "pretrained", "n_frozen": n_blocks}, _frozen()),
        "tuned": Arm({"weights": "pretrained", "n_frozen": 0}, whole),
        "scratch": Arm({"weights": "random", "n_frozen": 0}, _scratch(SMALL["backbone"])),
    }
    base = {"dataset": "cifar10-small", **SMALL, "per_class": 50, "epochs": 4}
    return Claim("saves_time", "a", lambda runs: always_quicker(runs, ("frozen", "tuned"), "scratch"), base, arms, 3)


def _never_frozen() -> Claim:
    """What changes in VGG16 while it is said to be fixed; beside it, what does where it really is."""
    base = {"dataset": "cifar10-small", "backbone": "vgg16", "image_size": 32, "per_class": 20, "epochs": 1, **RAW}
    arms = {
        "as_coded": Arm({"n_frozen": 0}, {"freeze": "none", "phases": 1, **SGD}),
        "frozen": Arm({"n_frozen": backbone_info("vgg16").n_blocks}, _frozen()),
    }
    return Claim("never_frozen", "b", lambda runs: unchanged(runs, "as_coded"), base, arms)


def _similar() -> Claim:
    """What the later blocks bring on photographs, which ImageNet is made of, and on digits, which are unlike them."""
    sides = {"near": NEAR, "far": FAR}
    arms = {f"{side}_{name}": _probe(at, of) for side, of in sides.items() for name, at in INSIDE.items()}
    near, far = ((f"{side}_last", f"{side}_middle") for side in sides)
    return Claim("similar", "b", lambda runs: gains_more(runs, near, far), {"backbone": "mobilenet_v2"}, arms, 5)


def _lowest() -> Claim:
    """The same linear probe behind the first block and behind the last one."""
    arms = {name: _probe(at, NEAR) for name, at in (("lowest", LOWEST), *INSIDE.items())}
    return Claim("lowest", "c", lambda runs: higher(runs, "lowest", "last"), {"backbone": "mobilenet_v2"}, arms, 5)


def _higher_than_random(id: str, source: str, base: Mapping[str, Any]) -> Claim:
    """A new head on what ImageNet taught, beside the same network from random numbers."""
    arms = {
        "transfer": Arm({"weights": "pretrained"}, _frozen()),
        "scratch": Arm({"weights": "random"}, _scratch(base["backbone"])),
    }
    return Claim(id, source, lambda runs: higher(runs, "transfer", "scratch"), base, arms)


def _sixteen() -> Claim:
    def judge(_: Runs) -> Finding:
        return counted(16, convolutional=sum(layer.kind == "Conv2D" for layer in layers_of("vgg16")))

    return Claim("sixteen", "c", judge)


def _validation_is_test() -> Claim:
    """One run of the lab as it opens, whose validation pictures come from the same shelves as those it learned from."""
    n, arm = dataset_info("groceries").n_validation, Arm({"image_size": 160}, {"image_size": 160, **_frozen()})
    return Claim("validation_is_test", "c", lambda runs: same(runs, "run", n), FRUIT, {"run": arm})


def _faulty(id: str, source: str, fault: Mapping[str, str], base: Mapping[str, Any]) -> Claim:
    """The right input beside a wrong one; that the wrong one does as well is what is claimed."""
    arms = {"right": Arm({"fault": "none"}, _frozen()), "wrong": Arm(dict(fault), _frozen(**fault))}
    return Claim(id, source, lambda runs: higher(runs, "wrong", "right", margin=CLOSE), base, arms)


def _overfits() -> Claim:
    """How far the training pictures are ahead of the test, with few of them and with many."""
    arms = {name: Arm({"per_class": n}, {"per_class": n, **_frozen()}) for name, n in (("few", 10), ("many", 250))}
    base = {"dataset": "cifar10-small", "backbone": "mobilenet_v2", "image_size": 64, "epochs": 30}
    return Claim("overfits", "e", lambda runs: overfits_more(runs, "many", "few"), base, arms, 3)


_ALL = (
    _large_data(),
    _saves_time(),
    _never_frozen(),
    _similar(),
    _lowest(),
    _higher_than_random("higher_than_random", "c", {**DIGITS, "epochs": 10}),
    _higher_than_random("higher_on_photographs", "a", {**FRUIT, "epochs": 5}),
    _sixteen(),
    _validation_is_test(),
    _faulty("no_preprocessing", "d", RAW, {**FRUIT, "epochs": 5}),
    _faulty("divided", "e", UNIT, {**SMALL_CIFAR, "backbone": "vgg16", "head": "logistic"}),
    _overfits(),
)
CLAIMS: Mapping[str, Claim] = MappingProxyType({one.id: one for one in _ALL})


def claim(id: str) -> Claim | None:
    """Returns the claim that an id names; None: there is none."""
    return CLAIMS.get(id)
