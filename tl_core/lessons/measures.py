"""What the runs of a mission say: numbers and verdicts, from their records alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

from tl_core.evaluation.comparison import best_validation, compare_runs
from tl_core.experiments.presets import PRESETS
from tl_core.lessons.mission import NOISE, Measure, Mission
from tl_core.store.records import EpochRecord, RunRecord, RunState

CLEAR = 1.1
"""How many times as much counts as more, of what is no accuracy: times of a shared machine differ by less by chance."""


CLEAR_SHARE = 0.05
"""By how much shares other than the test accuracy must differ: a few hundred validation pictures tell no less apart."""


@dataclass(frozen=True)
class Result:
    """A run and what was recorded of its epochs."""

    record: RunRecord
    epochs: Sequence[EpochRecord] = ()

    @property
    def is_done(self) -> bool:
        """Whether it was trained to its end."""
        return self.record.state is RunState.COMPLETED


@dataclass(frozen=True)
class Value:
    """A kind of number that a run has.

    Attributes:
        unit: "share", a fraction in [0, 1]; "points", a difference of such; "seconds"; or "count".
        of: Returns it, None where it was not measured.
    """

    unit: str
    of: Callable[[Result], float | None]


def _last_train_accuracy(result: Result) -> float | None:
    return result.epochs[-1].train_accuracy if result.epochs else None


def _first_val_accuracy(result: Result) -> float | None:
    return result.epochs[0].val_accuracy if result.epochs else None


def _gap(result: Result) -> float | None:
    """Returns by how much the best validation accuracy lies above the test accuracy."""
    validation, test = best_validation(result.epochs), result.record.test_accuracy
    return None if validation is None or test is None else validation - test


def _epoch_s(result: Result) -> float | None:
    """Returns the mean seconds of an epoch after the first one, which also compiles."""
    later = [epoch.seconds for epoch in result.epochs if epoch.epoch > 1 and not epoch.is_partial]
    return sum(later) / len(later) if later else None


def _changed(result: Result) -> float | None:
    """Returns how many blocks of the backbone training changed, by the hashes of their weights."""
    if not result.record.proof:
        return None
    return float(sum(row["changed"] for row in result.record.proof if row["block"] != "head"))


VALUES: Mapping[str, Value] = MappingProxyType(
    {
        "test_accuracy": Value("share", lambda result: result.record.test_accuracy),
        "val_accuracy": Value("share", lambda result: best_validation(result.epochs)),
        "first_val_accuracy": Value("share", _first_val_accuracy),
        "gap": Value("points", _gap),
        "train_accuracy": Value("share", _last_train_accuracy),
        "seconds": Value("seconds", lambda result: result.record.seconds),
        "epoch_s": Value("seconds", _epoch_s),
        "changed_blocks": Value("count", _changed),
        "trainable_params": Value("count", lambda result: result.record.trainable_params),
    }
)
"""Word in a mission's file → what it stands for."""


def unit(measure: Measure) -> str:
    """Returns the unit of a measure's numbers: as `Value.unit`; "points" of a difference of shares, "times"; "word"."""
    if measure.kind in ("best", "order", "sweep"):
        return "word"
    if measure.kind == "ratio":
        return "times"
    return "points" if measure.kind == "difference" and VALUES[measure.of].unit == "share" else VALUES[measure.of].unit


def measured(
    measure: Measure, results: Mapping[str, Result], mission: Mission, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Any:
    """Returns what a measure says; None as long as one of its runs is not over, or where it says nothing.

    Args:
        measure: One of the mission's.
        results: Name of a run → the student's own.
        mission: Whose runs those are.
        rows: Name of a sweep → its table.

    Returns:
        A number; a run's name or `NOISE`, a preset's choice; names in their order; or name → number of a curve.
    """
    if measure.kind == "sweep":
        return PRESETS[str(mission.sweeps[measure.sweep]["kind"])].verdict(rows.get(measure.sweep, ()))
    values = {name: _value(measure.of, results.get(name)) for name in measure.runs}
    if any(value is None for value in values.values()):
        return None
    known = {name: float(value) for name, value in values.items() if value is not None}
    first, *others = known.values()
    if measure.kind == "value":
        return first
    if measure.kind == "difference":
        return first - others[0]
    if measure.kind == "ratio":
        return first / others[0] if others[0] else None
    if measure.kind == "curve":
        return known
    ranked = sorted(known, key=known.__getitem__, reverse=not measure.is_lowest)
    if measure.kind == "order":
        return ranked
    is_clear = _is_clearly_apart(results[ranked[0]], results[ranked[1]], measure)
    return ranked[0] if is_clear else NOISE


def ties(measure: Measure, results: Mapping[str, Result]) -> frozenset[tuple[str, str]]:
    """Returns the pairs of runs whose order could be chance, each in both directions."""
    pairs = [
        pair
        for pair in combinations(measure.runs, 2)
        if not _is_clearly_apart(results[pair[0]], results[pair[1]], measure)
    ]
    return frozenset(pairs) | frozenset((second, first) for first, second in pairs)


def _value(of: str, result: Result | None) -> float | None:
    return VALUES[of].of(result) if result is not None and result.is_done else None


def _is_clearly_apart(first: Result, second: Result, measure: Measure) -> bool:
    """Says whether two runs differ by more than chance: test accuracies by their 95 % interval on the same pictures."""
    if measure.of == "test_accuracy":
        compared = compare_runs(first.record, second.record)
        return compared is not None and compared.outcome != "within_noise"
    low, high = sorted(VALUES[measure.of].of(one) or 0.0 for one in (first, second))
    return high - low > CLEAR_SHARE if VALUES[measure.of].unit in ("share", "points") else high > low * CLEAR
