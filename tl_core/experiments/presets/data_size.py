"""How little data is enough? A probe of few pictures a class, and beside it what is tuned or starts from scratch.

References: Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?"; Kolesnikov et al. 2020, "Big Transfer
(BiT): General Visual Representation Learning".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.datasets.known import known_dataset
from tl_core.experiments.preset import Answer, Preset, Published, Row
from tl_core.experiments.presets.arms import arms_of, beside, told
from tl_core.experiments.presets.data import completed
from tl_core.experiments.rows import Scores, first_even, is_judged, most_lost, scores
from tl_core.experiments.statistics import Difference, differences, paired_difference
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.models.catalog import backbone_info

SIZES = (1, 2, 5, 10, 20, 50)
FEW, MANY = 2, 20
"""Pictures a class between which the gain is told, where both are there."""
MUCH = 0.10
ARMS = ("frozen", "tuned", "scratch")
TUNED_BLOCKS = 2
HEAD_STEPS, TUNING_STEPS, MOST_EPOCHS = 200, 60, 100
"""What is trained in steps gets so many of them at least, or few pictures would also mean little training."""


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns runs of 1 to 50 pictures a class, as far as the classes have them on average; arms as asked for."""
    arms = arms_of(options, ARMS, ARMS[:1])
    own = ("arms", "per_class", "freeze", "n_frozen", "head", "head_at", "weights", "phases", "epochs", "head_epochs")
    base = completed({name: value for name, value in options.items() if name not in own})
    base.pop("per_class")
    info, n_blocks = known_dataset(base["dataset"], home), backbone_info(base["backbone"]).n_blocks
    n_classes = len(info.classes)
    cells = tuple(
        Cell({"per_class": size, "arm": arm}, {"per_class": size} | _arm(arm, size * n_classes, n_blocks))
        for size in SIZES
        for arm in arms
        if size * n_classes <= info.n_train
    )
    return Sweep("data-size", base, cells, tuple(range(n_seeds)))


def _arm(arm: str, n_pictures: int, n_blocks: int) -> dict[str, Any]:
    """Returns what an arm sets where the training pictures are so many in all."""
    if arm == "frozen":
        return {"freeze": "all", "head": "logistic"}
    n_steps = -(-n_pictures // 32)  # of an epoch
    head_epochs, epochs = (min(MOST_EPOCHS, max(5, -(-least // n_steps))) for least in (HEAD_STEPS, TUNING_STEPS))
    if arm == "tuned":
        return {"freeze": n_blocks - TUNED_BLOCKS, "phases": 2, "head_epochs": head_epochs, "epochs": epochs}
    return {"freeze": "none", "weights": "random", "epochs": min(MOST_EPOCHS, head_epochs + epochs)}


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns what tenfold data gain, from which number on more change nothing that can be seen, and which arm wins."""
    if not is_judged(rows, ["per_class", "arm"]):
        return None
    first = rows[0]["arm"]
    levels = {size: known for size, known in scores(rows, "per_class", arm=first).items() if len(known) > 1}
    gain = _gain(levels)
    if gain is None:
        return None
    few, many, difference = gain
    values: dict[str, Any] = {"arm": first, "few": few, "many": many, "n_seeds": difference.n}
    more = _other_arms(rows, first, max(levels))
    if difference.interval is None or difference.outcome != "better":
        return Answer("size_noise", values, more)
    enough, most = _enough(levels)
    values |= told(difference) | {"enough": enough, "largest": max(levels)}
    return Answer("size_grows", values, more) if most is None else Answer("size_levels", values | {"most": most}, more)


def _gain(levels: Scores) -> tuple[int, int, Difference] | None:
    """Returns two numbers of pictures and what the larger one scored above the smaller."""
    if len(levels) < 2:
        return None
    few, many = (FEW, MANY) if {FEW, MANY} <= set(levels) else (min(levels), max(levels))
    difference = paired_difference(levels[many], levels[few])
    return (few, many, difference) if difference else None


def _enough(levels: Scores) -> tuple[int, float | None]:
    """Returns the number from which on more pictures are not seen to gain anything, and how much they yet may gain."""
    largest = max(levels)
    smaller = {size: levels[size] for size in sorted(levels) if size != largest}
    found = differences(smaller, levels[largest])
    enough = first_even(found, largest)
    return enough, most_lost(found[enough]) if enough in found else None


def _other_arms(rows: Sequence[Row], first: str, size: int) -> tuple[Answer, ...]:
    """Returns a sentence for each other arm: how far it is from the first one at the largest number of pictures."""
    levels = scores(rows, "arm", per_class=size)
    found = differences({arm: known for arm, known in levels.items() if arm != first}, levels[first])
    return tuple(beside("arm", one, arm=arm, first=first, size=size) for arm, one in found.items())


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns "much" or "little" where the whole interval of the gain lies on one side of ten points."""
    said = answer(rows)
    if said is None or "low" not in said.values:
        return None
    if said.values["low"] > MUCH:
        return "much"
    return "little" if said.values["high"] < MUCH else None


DATA_SIZE = Preset(
    id="data-size",
    x="per_class",
    series="arm",
    is_logarithmic=True,
    n_seeds=5,
    choices=("much", "little"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    arms=ARMS,
    # BiT-M, ResNet-50x1, CIFAR-10, fine-tuned: medians of the authors' runs (google-research/big_transfer, README)
    published=(Published("tuned", ((1, 0.541), (5, 0.824))),),
)
