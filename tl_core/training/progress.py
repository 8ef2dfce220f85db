"""Where a training stands, and what "better" means."""

import math
from dataclasses import dataclass


@dataclass
class TrainerState:
    """Counters of one training; all that a checkpoint must carry besides arrays.

    Attributes:
        epoch: Epochs finished.
        step: Steps done.
        images: Training images seen.
        best_epoch: The epoch whose weights are kept; None before the first.
        best_accuracy: Its validation accuracy.
        best_loss: Its validation loss.
        n_worse: Epochs since then, in the present phase.
        phase: 1, or 2 in the second of two phases.
        n_before: Epochs finished in the phases before it.
    """

    epoch: int = 0
    step: int = 0
    images: int = 0
    best_epoch: int | None = None
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    n_worse: int = 0
    phase: int = 1
    n_before: int = 0

    @property
    def phase_epoch(self) -> int:
        """Epochs finished in the present phase."""
        return self.epoch - self.n_before

    def next_phase(self) -> None:
        """Begins the next phase: the best so far stays the one to beat, and patience begins anew."""
        self.phase, self.n_before, self.n_worse = self.phase + 1, self.epoch, 0

    def close_epoch(self, val_accuracy: float, val_loss: float) -> bool:
        """Counts a finished epoch and says whether it is the best so far.

        Better is a higher validation accuracy, or an equal one with a lower validation loss.
        """
        self.epoch += 1
        is_best = (val_accuracy, -val_loss) > (self.best_accuracy, -self.best_loss)
        if is_best:
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, val_accuracy, val_loss
        self.n_worse = 0 if is_best else self.n_worse + 1
        return is_best
