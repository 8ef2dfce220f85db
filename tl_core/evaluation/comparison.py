"""A run against its from-scratch baseline: the difference, how sure it is, and how long each took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tl_core.datasets.own.album import is_own
from tl_core.evaluation.scores import paired_difference
from tl_core.phrases import keys
from tl_core.store.records import EpochRecord, RunRecord

GAP = 0.1  # between validation and test accuracy; what is less may be chance


@dataclass(frozen=True)
class Comparison:
    """What two networks scored on the same test pictures.

    Attributes:
        run_accuracy: Test accuracy of the run, fraction in [0, 1].
        run_margin: Half the width of its 95 % interval.
        baseline_accuracy: The same for the baseline.
        baseline_margin: Half the width of its 95 % interval.
        difference: Run minus baseline.
        low: Lower end of the difference's 95 % interval.
        high: Upper end.
        n_test: Test pictures.
        outcome: "better" or "worse" when the interval leaves out 0, else "within_noise".
    """

    run_accuracy: float
    run_margin: float
    baseline_accuracy: float
    baseline_margin: float
    difference: float
    low: float
    high: float
    n_test: int

    @property
    def outcome(self) -> Literal["better", "worse", "within_noise"]:
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "within_noise"


def compare_runs(run: RunRecord, baseline: RunRecord) -> Comparison | None:
    """Compares two finished runs; None while one has no test scores, or when their test pictures differ."""
    if not run.scores or not baseline.scores or len(run.scores["right"]) != len(baseline.scores["right"]):
        return None
    right = [np.array([mark == "1" for mark in scores["right"]]) for scores in (run.scores, baseline.scores)]
    margins = [(scores["interval"][1] - scores["interval"][0]) / 2 for scores in (run.scores, baseline.scores)]
    difference, low, high = paired_difference(*right)
    return Comparison(
        run.scores["accuracy"],
        margins[0],
        baseline.scores["accuracy"],
        margins[1],
        difference,
        low,
        high,
        len(right[0]),
    )


def gap_words(dataset: str, validation: float | None, test: float | None) -> str | None:
    """Returns the key of the sentence that says why the test may be harder than validation; None where it hardly is.

    Args:
        dataset: Id of the data; what is known of those of the catalogue stands in the copy.
        validation: Best accuracy on the validation pictures; None before there is one.
        test: Accuracy on the test pictures; likewise.
    """
    if validation is None or test is None or validation - test < GAP:
        return None
    key = "dataset.own.gap" if is_own(dataset) else f"dataset.{dataset}.gap"
    return key if key in keys("en") else None


def seconds_to(epochs: Sequence[EpochRecord], accuracy: float) -> float | None:
    """Returns the seconds of computing after which a validation accuracy was first reached; None if it never was."""
    return next((e.elapsed_s for e in epochs if e.val_accuracy is not None and e.val_accuracy >= accuracy), None)


def best_validation(epochs: Sequence[EpochRecord]) -> float | None:
    """Returns the highest validation accuracy of a run; None before its first epoch."""
    return max((epoch.val_accuracy for epoch in epochs if epoch.val_accuracy is not None), default=None)
