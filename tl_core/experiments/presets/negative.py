"""When does transfer not help? Frozen features from near and far sources, from one that learned nothing, and by chance.

The sources are networks that the sweep trains itself, from scratch; beside them ImageNet's features and random ones on
pictures that are more and less like ImageNet's.

References: Zhang et al. 2017, "Understanding Deep Learning Requires Rethinking Generalization" (shuffled labels); Wang
    et al. 2019, "Characterizing and Avoiding Negative Transfer"; Raghu et al. 2019, "Transfusion" (X-rays).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import beside
from tl_core.experiments.rows import is_judged, scores
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.planning.plan import scratch_rate

NEAR, FAR, SHUFFLED, RANDOM, IMAGENET = "near", "far", "shuffled", "random", "imagenet"
SOURCES = {NEAR: "cifar10-a", FAR: "mnist-small", SHUFFLED: "cifar10-a-shuffled"}
ITSELF, TARGET = "source", "cifar10-b"
TARGETS = {
    "groceries": {"per_class": 20, "image_size": 64},
    "chest-xray-small": {"per_class": 50, "image_size": 64},
    "mnist-small": {"per_class": 50, "image_size": 64},
}
COMPARED = ((TARGET, NEAR, SHUFFLED), (TARGET, NEAR, RANDOM), *((name, IMAGENET, RANDOM) for name in TARGETS))
SMALL = {"backbone": "squeezenet", "image_size": 32, "batch_size": 32}
EPOCHS = 12
C = 0.01  # with scikit-learn's 1, probes of small networks from scratch do not settle
ALIKE = 0.03


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns the sources, and probes of what they, ImageNet and chance offer to other pictures."""
    own = {"dataset", "weights", "pretrained_blocks", "n_pretrained", "source", "freeze", "n_frozen", "head", "head_at"}
    own |= {"phases", "logistic_c", "per_class", "arms", "epochs", "learning_rate"}
    given = {name: value for name, value in options.items() if name not in own and value is not None}
    base = {**SMALL, **given}
    rate = options.get("learning_rate") or scratch_rate(base["backbone"], base.get("optimizer", "adam"))
    scratch = {"weights": "random", "freeze": "none", "learning_rate": rate, "epochs": options.get("epochs") or EPOCHS}
    probe = {"freeze": "all", "head": "logistic", "logistic_c": C}
    cells = [Cell(_at(ITSELF, name), {**scratch, "dataset": dataset}) for name, dataset in SOURCES.items()]
    cells += [Cell(_at(TARGET, name), {**probe, "dataset": TARGET}, _at(ITSELF, name)) for name in SOURCES]
    cells.append(Cell(_at(TARGET, RANDOM), {**probe, "dataset": TARGET, "weights": "random"}))
    for name, size in TARGETS.items():
        on = {**probe, "dataset": name, **size}
        cells += [Cell(_at(name, IMAGENET), on), Cell(_at(name, RANDOM), {**on, "weights": "random"})]
    return Sweep("negative", base, tuple(cells), tuple(range(n_seeds)))


def _at(target: str, start: str) -> dict[str, str]:
    return {"target": target, "start": start}


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns what features of a real source are worth beside shuffled and random ones, and what ImageNet's are.

    How near and far compare is drawn, and not said.
    """
    if not is_judged(rows, ["target", "start"]):
        return None
    found = _compared(rows).items()
    said = [beside("offered", one, target=target, first=first, other=other) for (target, first, other), one in found]
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _compared(rows: Sequence[Row]) -> dict[tuple[str, str, str], Difference]:
    pairs = {}
    for target, first, other in COMPARED:
        levels = scores(rows, "start", target=target)
        if levels.get(first) and levels.get(other):
            pairs[target, first, other] = paired_difference(levels[first], levels[other])
    return corrected(pairs)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether ImageNet's features beat random ones on all three data sets: "always" or "sometimes"."""
    if answer(rows) is None:
        return None
    found = [one for (_, first, _), one in _compared(rows).items() if first == IMAGENET]
    if len(found) < len(TARGETS):
        return None
    if all(one.outcome == "better" for one in found):
        return "always"
    is_none = [one.outcome == "worse" or one.is_within(ALIKE) for one in found]
    return "sometimes" if any(is_none) else None


NEGATIVE = Preset(
    id="negative",
    x="target",
    series="start",
    is_logarithmic=False,
    n_seeds=3,
    choices=("always", "sometimes"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    is_ordered=False,
)
