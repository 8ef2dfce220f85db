"""What a sweep of one's own allows to say: which value scored highest, and from which others that can be told.

The best value is found by looking at the scores. So each pair of values is compared, and all that the answer compares
is corrected together.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from tl_core.experiments.preset import Answer, Row, Setting
from tl_core.experiments.presets.arms import told
from tl_core.experiments.rows import Scores, is_judged, scores
from tl_core.experiments.statistics import FEWEST, Difference, corrected, paired_difference
from tl_core.experiments.sweep import Level
from tl_core.experiments.table import factors_of

MOST_FACTORS = 2
Pairs = Mapping[tuple[Level, Level], Difference]
"""(value, other value) → what the first scored above the second."""


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns what can be said of each factor; of the first one of two, at each level of the second.

    Args:
        rows: Of a sweep with one or two factors, the first of which is the horizontal axis.

    Returns:
        None where a cell still lacks the seeds that a comparison takes, and where there is nothing to compare.
    """
    factors = factors_of(rows)
    if not 1 <= len(factors) <= MOST_FACTORS or not is_judged(rows, factors):
        return None
    asked = _asked(rows, *factors)
    found = corrected({(at, *pair): one for at, (_, _, levels) in enumerate(asked) for pair, one in _pairs(levels)})
    said = []
    for at, (about, factor, levels) in enumerate(asked):
        pairs = {(one, two): difference for (place, one, two), difference in found.items() if place == at}
        if pairs:
            said.append(Answer(about.code, about.values, (_highest(factor, levels, pairs),)))
    return Answer(said[0].code, said[0].values, (*said[0].more, *said[1:])) if said else None


def _asked(rows: Sequence[Row], x: str, series: str | None = None) -> list[tuple[Answer, str, Scores]]:
    """Returns what is compared: how its sentence begins, whose values they are, and their scores."""
    if series is None:
        return [(Answer("own_of", {"factor": Setting(x)}), x, scores(rows, x))]
    names = {"factor": Setting(x), "series": Setting(series)}
    lines = {level: scores(rows, x, **{series: level}) for level in dict.fromkeys(row[series] for row in rows)}
    over = {level: _averaged(levels) for level, levels in lines.items()}
    at_each = [
        (Answer("own_at", {**names, "level": Setting(series, level)}), x, levels) for level, levels in lines.items()
    ]
    return [(Answer("own_over", names), series, over), *at_each]


def _averaged(levels: Scores) -> dict[int, float]:
    """Returns seed → mean accuracy over all levels, of the seeds that each of them has."""
    common = set.intersection(*(set(known) for known in levels.values()))
    return {seed: sum(known[seed] for known in levels.values()) / len(levels) for seed in sorted(common)}


def _pairs(levels: Scores) -> list[tuple[tuple[Level, Level], Difference | None]]:
    known = [level for level, of_seeds in levels.items() if len(of_seeds) >= FEWEST]
    return [((one, two), paired_difference(levels[one], levels[two])) for one, two in combinations(known, 2)]


def _highest(factor: str, levels: Scores, pairs: Pairs) -> Answer:
    """Returns which value scored highest, and from which others it can be told."""
    mean = {level: sum(levels[level].values()) / len(levels[level]) for pair in pairs for level in pair}
    best = max(mean, key=lambda level: mean[level])
    both_ways = {**pairs, **{(two, one): -difference for (one, two), difference in pairs.items()}}
    above = {two: difference for (one, two), difference in both_ways.items() if one == best}
    n_seeds = max(difference.n for difference in above.values())
    if all(difference.interval is None for difference in above.values()):
        return Answer("no_spread", {"n_seeds": n_seeds})
    clear = [level for level, difference in above.items() if difference.outcome == "better"]
    unclear = [level for level in above if level not in clear]
    values: dict[str, Any] = {"best": Setting(factor, best), "n": len(mean), "n_seeds": n_seeds}
    if not clear:
        return Answer("own_noise", values)
    far = max(clear, key=lambda level: above[level].mean) if unclear else max(clear, key=lambda level: mean[level])
    values |= told(above[far]) | {"other": Setting(factor, far)}
    if unclear:
        near = Setting(factor, max(unclear, key=lambda level: mean[level]))
        return Answer("own_some", values | {"n_clear": len(clear), "near": near})
    return Answer("own_best" if len(clear) > 1 else "own_two", values)
