"""Runs with made-up numbers, as a store has them."""

from dataclasses import replace
from typing import Any

import numpy as np

from tl_core.evaluation.scores import score
from tl_core.lessons.measures import Result
from tl_core.store.records import EpochRecord, RunRecord, RunState

N_TEST = 400
WIGGLE = (0.004, -0.003, 0.001, 0.002, -0.004)


def epochs(train_accuracy: float = 0.9, val_accuracy: float = 0.8, epoch_s: float = 1.0) -> list[EpochRecord]:
    """Returns three epochs; the first one takes longer, as it does."""
    lasted = (9.0, epoch_s, epoch_s)
    return [
        EpochRecord(n, 0.1, train_accuracy, 0.2, val_accuracy, seconds, seconds, n, n, False)
        for n, seconds in enumerate(lasted, start=1)
    ]


def result(test_accuracy: float, *, n_changed: int = 0, n_test: int = N_TEST, **of_epochs: float) -> Result:
    """Returns a finished run that has so many of the test pictures right and changed so many blocks."""
    labels = np.zeros(n_test, int)
    logits = np.zeros((n_test, 2))
    logits[:, 1] = np.where(np.arange(n_test) < round(test_accuracy * n_test), -1, 1)
    scores = score(logits, labels, labels)
    proof = [{"block": f"block{at}", "changed": at < n_changed, "frozen": False} for at in range(5)]
    record = RunRecord("r", 1, "run", "run", None, "me", RunState.COMPLETED, {}, {}, "2026-01-01")
    record = replace(record, test_accuracy=scores["accuracy"], scores=scores, proof=proof)
    return Result(record, epochs(**of_epochs))


def seeds(mean: float, n: int = 5, shift: int = 0, epoch_s: float = 1.0, **of_epochs: Any) -> dict[int, Result]:
    """Returns one run a seed, whose test accuracies and times lie around what is told."""
    noise = [WIGGLE[(seed + shift) % 5] for seed in range(n)]
    return {seed: result(mean + 5 * one, epoch_s=epoch_s * (1 + one), **of_epochs) for seed, one in enumerate(noise)}
