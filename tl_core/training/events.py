"""What a training says while it runs: small frozen records, in the order in which they happen."""

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

Result = TypeVar("Result")
Computation = Generator["Event", None, Result]  # says how far it is, and returns what came of it


@dataclass(frozen=True)
class Event:
    """Base of all events; `to_dict` is their form on the pipe, with the class name in lower case as "event"."""

    def to_dict(self) -> dict:
        return {"event": type(self).__name__.lower(), **asdict(self)}

    @staticmethod
    def from_dict(plain: Mapping) -> "Event":
        """Returns the event that said this of itself.

        Raises:
            KeyError: There is no such event.
            TypeError: It has other fields.
        """
        kinds = {kind.__name__.lower(): kind for kind in Event.__subclasses__()}
        return kinds[plain["event"]](**{name: value for name, value in plain.items() if name != "event"})


@dataclass(frozen=True)
class Phase(Event):
    """What is being done before and after the steps.

    Attributes:
        name: "data", "downloading", "network", "features", "cached" (all features came from disk), "head" or "suffix"
            (the first or the second of two phases begins), "compiling", "fitting" (an SVM class by class), "views" (of
            some pictures before an epoch), "rates" (of `RateTester.try_rates`), "validating", "testing" or "saving"
            (weights and their proof).
        done: Units done (pictures, bytes); 0 where there is nothing to count.
        total: Units in all; 0 where that is unknown.
    """

    name: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Started(Event):
    """The network stands; training is about to begin."""

    frozen_params: int
    trainable_params: int
    is_cached: bool
    n_train: int
    n_steps: int  # steps in all epochs of all phases together
    device: str
    n_validation: int = 0
    n_test: int = 0


@dataclass(frozen=True)
class Step(Event):
    """One optimiser update. Loss and accuracy are those of this batch, before the update.

    Attributes:
        elapsed_s: Seconds that this run has computed for since it began; waiting for others does not count.
        images: Training images seen since the run began.
    """

    step: int
    epoch: int
    train_loss: float
    train_accuracy: float
    elapsed_s: float
    images: int


@dataclass(frozen=True)
class Epoch(Event):
    """One pass over the training images, then the validation images. An SVM has no losses: None.

    Attributes:
        gradient_norms: Mean over some steps of the norm of each block's gradient, from the input on, then of the
            head's; None for a block that has none, being frozen, and in all where they were not measured.
        source_accuracy: Of a run that started from another one: what the head of that one, on the backbone as it is
            now, says of the validation pictures that it was trained beside. None where that cannot be asked.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float
    seconds: float
    elapsed_s: float
    step: int
    images: int
    is_best: bool
    phase: int = 1
    gradient_norms: list[float | None] | None = None
    source_accuracy: float | None = None


@dataclass(frozen=True)
class Recovered(Event):
    """A run goes on, and its checkpoint holds epochs whose record may have been lost with the process that had it.

    Attributes:
        epochs: The fields of each `Epoch`, in their order.
    """

    epochs: list[dict]


@dataclass(frozen=True)
class Moved(Event):
    """How far the weights have moved by now; said now and then between two steps.

    Attributes:
        changes: Relative change of each block from the input on, then of the head, since the training began; see
            `training.weight_change`.
    """

    changes: list[float]


@dataclass(frozen=True)
class Ended(Event):
    """The run is over.

    Attributes:
        state: "completed", "stopped" or "failed".
        scores: As `evaluation.scores.score` returns them; None when the test images were not classified.
        proof: One row a block, as `training.proof.compare` returns them.
        error: The reason of a failure: {"code", "values"}.
    """

    state: str
    best_epoch: int | None
    seconds: float
    scores: dict | None = None
    proof: list | None = None
    error: dict | None = None
