"""At which learning rate does fine-tuning work, and does it help to train the head first?

References: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution". It is
asked here of pictures like those that were trained on; of others, which the paper is about, `shifted` says what may be.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import arms_of, beside, told
from tl_core.experiments.presets.data import tuned
from tl_core.experiments.rows import Scores, is_judged, level_text, scores
from tl_core.experiments.statistics import Difference, corrected, paired_difference, pairs
from tl_core.experiments.sweep import Cell, Sweep

RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3)
HEAD_FIRST, AT_ONCE = ARMS = ("head-first", "at-once")
ALIKE = 0.03


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns fine-tuning of the last two thirds at five rates, with the head trained first and without."""
    arms = arms_of(options, ARMS, ARMS)
    base = tuned(options, ("arms", "learning_rate", "phases"))
    phases = {HEAD_FIRST: 2, AT_ONCE: 1}
    cells = tuple(
        Cell({"learning_rate": rate, "arm": arm}, {"learning_rate": rate, "phases": phases[arm]})
        for rate in RATES
        for arm in arms
    )
    return Sweep("rates", base, cells, tuple(range(n_seeds)))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns at which rates a head that is trained first helps, and for each arm whether the rate matters."""
    if not is_judged(rows, ["learning_rate", "arm"]):
        return None
    arms = dict.fromkeys(row["arm"] for row in rows)
    levels = {arm: scores(rows, "learning_rate", arm=arm) for arm in arms}
    said = [one for arm in arms if (one := _spread(arm, levels[arm]))]
    if len(levels) == len(ARMS) and (found := _head_first(levels)):
        said = [_side_by_side(found), *said]
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _head_first(levels: Mapping[str, Scores]) -> dict[float, Difference]:
    """Returns for each rate what the head first scores above all at once, corrected for all rates."""
    first, other = (levels[arm] for arm in ARMS)
    return corrected({rate: paired_difference(first[rate], other[rate]) for rate in first if rate in other})


def _side_by_side(found: Mapping[float, Difference]) -> Answer:
    better, worse = ([one for one in found.values() if one.outcome == kind] for kind in ("better", "worse"))
    counts = {"n_better": len(better), "n_worse": len(worse), "n": len(found)}
    seen = {rate: one for rate, one in found.items() if one.outcome != "within_noise"}
    if not seen:
        return Answer("rates_noise", counts | {"n_seeds": max(one.n for one in found.values())})
    most = max(seen, key=lambda rate: abs(seen[rate].mean))
    side = beside("rates", seen[most], rate=level_text(most))
    return Answer(side.code, counts | dict(side.values))


def _spread(arm: str, levels: Scores) -> Answer | None:
    """Returns how far the best rate of an arm is from its worst."""
    known = {rate: of_seeds for rate, of_seeds in levels.items() if len(of_seeds) > 1}
    found = pairs(known)
    if not found:
        return None
    mean = {rate: sum(of_seeds.values()) / len(of_seeds) for rate, of_seeds in known.items()}
    best, worst = max(mean, key=lambda rate: mean[rate]), min(mean, key=lambda rate: mean[rate])
    one = found.get((best, worst))
    if one is None or one.outcome != "better":
        return Answer("rate_noise", {"arm": arm, "n": len(known), "n_seeds": max(two.n for two in found.values())})
    return Answer("rate_matters", {"arm": arm, "best": level_text(best), "worst": level_text(worst), **told(one)})


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether the head first helps "always", at "some" rates or "never", where each rate has been decided."""
    levels = {arm: scores(rows, "learning_rate", arm=arm) for arm in ARMS}
    if answer(rows) is None or not all(levels.values()):
        return None
    found = _head_first(levels)
    helps = [one.outcome == "better" for one in found.values()]
    is_decided = [one.outcome != "within_noise" or one.is_within(ALIKE) for one in found.values()]
    if found and all(helps):
        return "always"
    if any(helps) and any(known and not help for known, help in zip(is_decided, helps, strict=True)):
        return "some"
    return "never" if found and all(is_decided) and not any(helps) else None


LEARNING_RATES = Preset(
    id="rates",
    x="learning_rate",
    series="arm",
    is_logarithmic=True,
    n_seeds=3,
    choices=("always", "some", "never"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    arms=ARMS,
)
