"""Optimiser, schedule, batch size, augmentation: which of the settings that everybody asks about matters here?

References: Smith et al. 2018, "Don't Decay the Learning Rate, Increase the Batch Size"; Li et al. 2020, "Rethinking the
Hyperparameters for Fine-tuning".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import arms_of, beside
from tl_core.experiments.presets.data import tuned
from tl_core.experiments.rows import is_judged, scores
from tl_core.experiments.statistics import Difference, differences
from tl_core.experiments.sweep import Cell, Sweep

USUAL = "usual"
VARIANTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "sgd": {"optimizer": "sgd"},
        "cosine": {"schedule": "cosine"},
        "batch-8": {"batch_size": 8},
        "batch-128": {"batch_size": 128},
        "augmented": {"augment": "light", "views": "fresh"},
    }
)
"""What is tried beside the usual run, each changed alone; SGD at the rates that are usual for it."""
ARMS = tuple(VARIANTS)
ASKED = MappingProxyType(
    {"sgd": "optimiser", "cosine": "schedule", "batch-8": "batch", "batch-128": "batch", "augmented": "augmentation"}
)
"""Variant → what it is one of."""
ALIKE = 0.03


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns fine-tuning of the last two thirds as usual, and with one setting changed at a time."""
    arms = arms_of(options, ARMS, ARMS)
    own = ("arms", "optimizer", "schedule", "batch_size", "augment", "views", "learning_rate", "head_learning_rate")
    base = tuned(options, (*own, "phases"))
    usual = {"optimizer": "adam", "schedule": "constant", "batch_size": 32, "augment": "none"}
    cells = tuple(Cell({"arm": arm}, {**usual, **VARIANTS.get(arm, {})}) for arm in (USUAL, *arms))
    return Sweep("settings", base, cells, tuple(range(n_seeds)))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns for each setting that was changed what that is worth against the usual run, corrected for all."""
    found = _compared(rows)
    said = [beside("setting", one, setting=name) for name, one in found.items()]
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _compared(rows: Sequence[Row]) -> dict[str, Difference]:
    levels = scores(rows, "arm")
    if USUAL not in levels or not is_judged(rows, ["arm"]):
        return {}
    return differences({name: known for name, known in levels.items() if name != USUAL}, levels[USUAL])


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns what matters most, the one whose clear difference is largest; "none" where all are within a margin."""
    found = _compared(rows)
    clear = {name: abs(one.mean) for name, one in found.items() if one.outcome != "within_noise"}
    if clear:
        return ASKED[max(clear, key=lambda name: clear[name])]
    return "none" if found and all(one.is_within(ALIKE) for one in found.values()) else None


SETTINGS = Preset(
    id="settings",
    x="arm",
    series=None,
    is_logarithmic=False,
    n_seeds=3,
    choices=(*dict.fromkeys(ASKED.values()), "none"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    arms=ARMS,
    is_ordered=False,
)
