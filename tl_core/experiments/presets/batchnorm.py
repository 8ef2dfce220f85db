"""What may BatchNorm do while a network is fine-tuned? And what if its statistics move although all is frozen?

References: Ioffe & Szegedy 2015, "Batch Normalization"; Wu & Johnson 2021, "Rethinking 'Batch' in BatchNorm".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import beside
from tl_core.experiments.presets.data import tuned
from tl_core.experiments.rows import is_judged, scores
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.experiments.sweep import Cell, Sweep

POLICIES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "frozen": {"batchnorm": "frozen"},
        "slow": {"batchnorm": "trained", "batchnorm_momentum": 0.999},
        "quick": {"batchnorm": "trained", "batchnorm_momentum": 0.9},
        "probe": {"freeze": "all", "batchnorm": "frozen"},
        "probe-updating": {"freeze": "all", "batchnorm": "updating"},
    }
)
"""The first three are tuned behind a head that was trained first; the last two train the head alone."""
COMPARED = (("frozen", "quick"), ("frozen", "slow"), ("probe", "probe-updating"))
ALIKE = 0.03


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns fine-tuning of the last two thirds with each policy, and a head alone with and without the trap."""
    base = tuned(options, ("batchnorm", "batchnorm_momentum", "phases"))
    cells = tuple(Cell({"policy": name}, dict(policy)) for name, policy in POLICIES.items())
    return Sweep("batchnorm", base, cells, tuple(range(n_seeds)))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns how much the stored statistics are worth while blocks are tuned, and what the trap costs."""
    if not is_judged(rows, ["policy"]):
        return None
    found = _compared(rows)
    said = [beside("policy", one, first=first, other=other) for (first, other), one in found.items()]
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _compared(rows: Sequence[Row]) -> dict[tuple[str, str], Difference]:
    levels = scores(rows, "policy")
    known = [pair for pair in COMPARED if set(pair) <= set(levels)]
    return corrected({(first, other): paired_difference(levels[first], levels[other]) for first, other in known})


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns which statistics tune better, those that were stored or those of the batches, or that it is the same."""
    one = _compared(rows).get(COMPARED[0]) if is_judged(rows, ["policy"]) else None
    if one is None:
        return None
    if one.outcome == "within_noise":
        return "same" if one.is_within(ALIKE) else None
    return "stored" if one.outcome == "better" else "batch"


BATCHNORM = Preset(
    id="batchnorm",
    x="policy",
    series=None,
    is_logarithmic=False,
    n_seeds=3,
    choices=("stored", "batch", "same"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    is_ordered=False,
)
