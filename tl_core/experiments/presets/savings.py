"""What does freezing save? The seconds of an epoch with everything frozen, with and without the cache, and unfrozen.

References: Donahue et al. 2014, "DeCAF: A Deep Convolutional Activation Feature" (features computed once, a classifier
trained on them).
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.data import SMALL, completed
from tl_core.experiments.rows import is_judged
from tl_core.experiments.statistics import Difference, paired_difference
from tl_core.experiments.sweep import SEED, Cell, Sweep

CACHED, PLAIN, UNFROZEN = "cached", "plain", "unfrozen"
WAYS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        UNFROZEN: {"freeze": "none", "phases": 1},
        PLAIN: {"freeze": "all", "use_cache": False},
        CACHED: {"freeze": "all", "use_cache": True},
    }
)
MANY = 10  # times


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns the same network trained for four epochs in three ways."""
    own = ("freeze", "n_frozen", "phases", "use_cache", "epochs", "head_at", "weights", "augment")
    given = {name: value for name, value in options.items() if name not in own and value is not None}
    is_usual = given.get("dataset", SMALL["dataset"]) == SMALL["dataset"]
    base = completed({"epochs": 4, **(SMALL if is_usual else {}), **given})
    cells = tuple(Cell({"way": way}, dict(changes)) for way, changes in WAYS.items())
    return Sweep("savings", base, cells, tuple(range(n_seeds)))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns how many times as long an epoch takes without the cache, and with nothing frozen."""
    if not is_judged(rows, ["way"]):
        return None
    plain, unfrozen = (_ratio(rows, way) for way in (PLAIN, UNFROZEN))
    if plain is None or unfrozen is None:
        return None
    said = [_told(PLAIN, plain), _told(UNFROZEN, unfrozen)]
    return Answer(said[0].code, said[0].values, (said[1],))


def _ratio(rows: Sequence[Row], way: str) -> Difference | None:
    """Returns the logarithm of how many times as long an epoch takes as with the cache, over the seeds of both."""
    times: dict[str, dict[int, float]] = {way: {}, CACHED: {}}
    for row in rows:
        if row["way"] in times and row.get("epoch_s"):
            times[row["way"]][row[SEED]] = log(row["epoch_s"])
    return paired_difference(times[way], times[CACHED])


def _told(way: str, ratio: Difference) -> Answer:
    """Returns how many times as long it takes where it takes longer for sure, else that it cannot be told."""
    values: dict[str, Any] = {"way": way, "n_seeds": ratio.n}
    if ratio.interval is None or ratio.outcome != "better":
        return Answer("savings_noise", values)
    values |= dict(zip(("times", "low", "high"), map(_times, (ratio.mean, *ratio.interval)), strict=True))
    return Answer("savings_plain" if way == PLAIN else "savings_unfrozen", values)


def _times(logarithm: float) -> str:
    value = exp(logarithm)
    return f"{value:.1f}" if value < MANY else f"{value:.0f}"


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether the cache makes an epoch more than ten times as quick, less, or not quicker for sure."""
    ratio = _ratio(rows, PLAIN) if is_judged(rows, ["way"]) else None
    if ratio is None or ratio.interval is None:
        return None
    low, high = (exp(end) for end in ratio.interval)
    if low > MANY:
        return "much"
    return "little" if high < MANY else None


SAVINGS = Preset(
    id="savings",
    x="way",
    series=None,
    is_logarithmic=False,
    n_seeds=3,
    choices=("much", "little"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    is_ordered=False,
    chart="times",
)
