"""What is transferred: features, or only the scale of the weights? And do the first blocks carry it alone?

References: Raghu, Zhang, Kleinberg & Bengio 2019, "Transfusion: Understanding Transfer Learning for Medical Imaging",
section 5. It is asked here of photographs; what the paper is about, medical pictures, is not.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import beside, told
from tl_core.experiments.presets.data import tuned
from tl_core.experiments.rows import Scores, is_judged, scores
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.models.catalog import backbone_info

PRETRAINED, FIRST, MATCHED, RANDOM = "pretrained", "first", "matched", "random"
COMPARED = ((PRETRAINED, RANDOM), (FIRST, RANDOM))
ALIKE = 0.03
EPOCHS = 11  # 176 steps on 500 pictures


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns the same training of a whole network from four starts: rate, budget and BatchNorm are equal."""
    own = ("weights", "pretrained_blocks", "n_pretrained", "freeze", "n_frozen", "phases", "batchnorm", "head_at")
    base = tuned({"epochs": EPOCHS, "learning_rate": 1e-3, **_given(options)}, own)
    base |= {"freeze": "none", "phases": 1, "batchnorm": "trained", "batchnorm_momentum": 0.9}
    base.pop("head_epochs")
    n_first = backbone_info(base["backbone"]).n_blocks // 2 + 1
    starts = {
        PRETRAINED: {},
        FIRST: {"pretrained_blocks": n_first},
        MATCHED: {"weights": "matched"},
        RANDOM: {"weights": "random"},
    }
    cells = tuple(Cell({"start": name}, start) for name, start in starts.items())
    return Sweep("initialisation", base, cells, tuple(range(n_seeds)))


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns what pretrained weights and their first blocks bring above random ones, and what their scale measured.

    Of the scale alone the difference is told with its interval, and nothing is claimed.
    """
    if not is_judged(rows, ["start"]):
        return None
    levels = scores(rows, "start")
    said = [beside("start", one, first=first, other=other) for (first, other), one in _compared(levels).items()]
    said += _scale(levels)
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _compared(levels: Scores) -> dict[tuple[str, str], Difference]:
    known = [pair for pair in COMPARED if set(pair) <= set(levels)]
    return corrected({(first, other): paired_difference(levels[first], levels[other]) for first, other in known})


def _scale(levels: Scores) -> list[Answer]:
    one = paired_difference(levels.get(MATCHED, {}), levels.get(RANDOM, {}))
    return [Answer("start_scale", told(one))] if one is not None and one.interval is not None else []


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether the first blocks bring half of the benefit or more, or less, or whether there is none."""
    levels = scores(rows, "start")
    whole = _compared(levels).get(COMPARED[0]) if is_judged(rows, ["start"]) else None
    if whole is None:
        return None
    if whole.outcome != "better":
        return "none" if whole.is_within(ALIKE) else None
    whole_levels, scratch = levels[PRETRAINED], levels[RANDOM]
    half = {seed: (score + scratch[seed]) / 2 for seed, score in whole_levels.items() if seed in scratch}
    above = paired_difference(levels.get(FIRST, {}), half)
    if above is None or above.outcome == "within_noise":
        return None
    return "most" if above.mean > 0 else "little"


INITIALISATION = Preset(
    id="initialisation",
    x="start",
    series=None,
    is_logarithmic=False,
    n_seeds=3,
    choices=("most", "little", "none"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    is_ordered=False,
)
