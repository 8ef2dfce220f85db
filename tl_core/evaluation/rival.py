"""What a run's accuracy is worth beside its rival: a rule that looks at no picture and always says the same class.

Where four of five pictures are of one class, 80 % is what one gets for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tl_core.evaluation.scores import paired_interval

UNEVEN = 2.0  # times as many test pictures as the smallest class has


@dataclass(frozen=True)
class Rival:
    """A run against "always the largest class", on the same test pictures.

    Attributes:
        largest: Label of the class that the training had most of.
        accuracy: What always saying it scores, fraction in [0, 1].
        low: Lower end of the 95 % interval of the run's accuracy minus that.
        recalls: Of each class, the fraction of its test pictures that the run knew; None where it has none.
        balanced_accuracy: The mean of the recalls: what always saying one class scores 1 / classes in.
        n_tests: Test pictures of each class.
    """

    largest: int
    accuracy: float
    low: float
    recalls: tuple[float | None, ...]
    balanced_accuracy: float
    n_tests: tuple[int, ...]

    @property
    def is_beaten(self) -> bool:
        """Whether the run is better by more than chance."""
        return self.low > 0

    @property
    def is_uneven(self) -> bool:
        """Whether one class has at least twice as many test pictures as another: then accuracy alone misleads."""
        return max(self.n_tests) >= UNEVEN * min(self.n_tests)


def rival_of(scores: Mapping) -> Rival:
    """Returns the rival of a run that was tested.

    Args:
        scores: As `scores.score` returns them. Where an older record does not say which class the training had most
            of, it is the one that the test has most of.

    References: Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution", ICPR 2010.
    """
    counts = np.array(scores["confusion"])
    n_tests, right = counts.sum(axis=1), counts.diagonal()
    largest = int(scores.get("largest", n_tests.argmax()))
    only_rival = int(n_tests[largest] - right[largest])
    only_run = int(right.sum() - right[largest])
    tested = n_tests > 0
    recalls = np.divide(right, n_tests, out=np.full(len(right), np.nan), where=tested)
    return Rival(
        largest,
        float(n_tests[largest] / n_tests.sum()),
        paired_interval(only_run, only_rival, int(n_tests.sum()))[0],
        tuple(float(recall) if is_tested else None for recall, is_tested in zip(recalls, tested, strict=True)),
        float(recalls[tested].mean()),
        tuple(n_tests.tolist()),
    )
