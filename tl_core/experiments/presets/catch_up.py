"""Does a network from scratch catch up with one that was pretrained, if it is only trained for long enough?

References: He, Girshick & Dollár 2019, "Rethinking ImageNet Pre-Training", figure 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import told
from tl_core.experiments.presets.data import tuned
from tl_core.experiments.rows import is_judged, scores
from tl_core.experiments.statistics import Difference, paired_difference
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.spec import RANGES

EPOCHS = (5, 15, 45)
PRETRAINED, SCRATCH = "pretrained", "scratch"
DIGITS = MappingProxyType({"dataset": "mnist-small", "image_size": 32, "per_class": 20})
ALIKE = 0.03
TIMES = 3  # the next budget is so many times the longest


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns the same network pretrained and from scratch, trained for 5, 15 and 45 epochs."""
    own = ("arms", "epochs", "weights", "freeze", "n_frozen", "phases")
    base = tuned(options, own, DIGITS)
    start = {PRETRAINED: {"freeze": base.pop("freeze")}, SCRATCH: {"freeze": "none", "weights": "random"}}
    base.pop("epochs")
    cells = tuple(
        Cell({"epochs": epochs, "start": arm}, {"epochs": epochs, **changes})
        for epochs in EPOCHS
        for arm, changes in start.items()
    )
    return Sweep("catch-up", base, cells, tuple(range(n_seeds)))


def longer(asked: Sweep) -> Sweep | None:
    """Returns the race with a budget more, three times the longest; None where that is more than a run may take.

    What was trained before is taken from the store. The prediction, which was about a shorter race, is left out.
    """
    longest = max(int(cell.factors["epochs"]) for cell in asked.cells)
    if TIMES * longest > RANGES["epochs"][1]:
        return None
    last = [cell for cell in asked.cells if cell.factors["epochs"] == longest]
    new = {"epochs": TIMES * longest}
    more = tuple(Cell({**cell.factors, **new}, {**cell.options, **new}) for cell in last)
    return replace(asked, cells=(*asked.cells, *more), prediction="")


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns how far scratch is behind after the longest training, and whether it has come nearer."""
    if not is_judged(rows, ["epochs", "start"]):
        return None
    gaps = _gaps(rows)
    if not gaps or (last := _spread(gaps[max(gaps)])) is None:
        return None
    values: dict[str, Any] = {"epochs": max(gaps), "n_seeds": last.n}
    more = _nearer(gaps)
    if last.interval is not None and last.outcome != "within_noise":
        if last.mean > 0:
            return Answer("catch_up_behind", values | told(last), more)
        return Answer("catch_up_ahead", values | told(-last), more)
    if last.is_within(ALIKE):
        return Answer("catch_up_even", values | {"margin": ALIKE}, more)
    return Answer("catch_up_noise", values, more)


def _gaps(rows: Sequence[Row]) -> dict[int, dict[int, float]]:
    """Returns epochs → seed → what the pretrained network is ahead by."""
    ahead, behind = (scores(rows, "epochs", start=arm) for arm in (PRETRAINED, SCRATCH))
    both = {epochs: set(ahead[epochs]) & set(behind[epochs]) for epochs in ahead if epochs in behind}
    return {
        epochs: {seed: ahead[epochs][seed] - behind[epochs][seed] for seed in sorted(seeds)}
        for epochs, seeds in both.items()
    }


def _spread(gap: Mapping[int, float]) -> Difference | None:
    return paired_difference(gap, dict.fromkeys(gap, 0.0))


def _nearer(gaps: Mapping[int, Mapping[int, float]]) -> tuple[Answer, ...]:
    """Returns a sentence about how much smaller the gap has become; none where that is not seen."""
    few, many = min(gaps), max(gaps)
    closed = paired_difference(gaps[few], gaps[many]) if few != many else None
    if closed is None or closed.outcome != "better":
        return ()
    return (Answer("catch_up_nearer", {"few": few, "many": many, **told(closed)}),)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether scratch has caught up after the longest training: "yes" if it is even or ahead, or "no"."""
    said = answer(rows)
    outcomes = {"catch_up_behind": "no", "catch_up_even": "yes", "catch_up_ahead": "yes"}
    return outcomes.get(said.code) if said else None


CATCH_UP = Preset(
    id="catch-up",
    x="epochs",
    series="start",
    is_logarithmic=True,
    n_seeds=3,
    choices=("yes", "no"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
)
