"""Where a training stands, and what "better" means."""

import math
from dataclasses import dataclass


@dataclass
class Progress:
    """Counters of one training; all that a checkpoint must carry besides arrays.

    Attributes:
        epoch: Epochs finished.
        step: Steps done.
        images: Training images seen.
        best_epoch: The epoch whose weights are kept; None before the first.
        best_accuracy: Its validation accuracy.
        best_loss: Its validation loss.
        n_worse: Epochs since then.
    """

    epoch: int = 0
    step: int = 0
    images: int = 0
    best_epoch: int | None = None
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    n_worse: int = 0

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
