"""The records of learning curves: what a run measured, what a figure shows of it, and the words on the figure."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Metric = Literal["accuracy", "loss"]
Axis = Literal["epochs", "seconds", "images"]


class StepPoint(NamedTuple):
    """What was known after one optimiser step. A measure that is missing is None or NaN."""

    step: int
    seconds: float
    images: int
    epoch_position: float
    train_loss: float | None
    train_accuracy: float | None


class EpochPoint(NamedTuple):
    """What was known after one epoch. A measure that is missing is None or NaN."""

    epoch: int
    seconds: float
    images: int
    step: int
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None


@dataclass(frozen=True)
class RunCurve:
    """One run as far as it has come.

    Attributes:
        run_id: Names the run; its curves keep their identity in the browser by it.
        name: What a person called it; shown literally.
        role: "run" or "baseline".
        state: The run's state; not drawn, but a changed state makes a changed info.
        steps: Steps in the order they were made.
        epochs: Epochs in the order they were made.
        best_epoch: The epoch whose weights were kept, counted from 1; None marks none.
        head_epochs: Epochs of the first of two phases; None where there is one.
        n_epochs: Epochs that it will have at most, while it is under way; None once it is over.
    """

    run_id: str
    name: str
    role: str
    state: str
    steps: tuple[StepPoint, ...] = ()
    epochs: tuple[EpochPoint, ...] = ()
    best_epoch: int | None = None
    head_epochs: int | None = None
    n_epochs: int | None = None


@dataclass(frozen=True)
class Series:
    """One line: a run's measure on one split. A None in `y` is a gap."""

    run_id: str
    name: str
    role: str
    split: Literal["train", "validation"]
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    best: tuple[float, float] | None = None


@dataclass(frozen=True)
class CurvesInfo:
    """All that a figure of learning curves shows; for each run its train series, then its validation series.

    `marks` are the places where the second phase of a run begins; up to `end` at least the x axis reaches, so that it
    stands still while a run grows.
    """

    metric: Metric
    x: Axis
    states: tuple[str, ...]
    series: tuple[Series, ...]
    marks: tuple[float, ...] = ()
    end: float | None = None


@dataclass(frozen=True)
class CurvesLabels:
    """The words on a figure of learning curves, in the reader's language."""

    accuracy: str
    loss: str
    epochs: str
    seconds: str
    images: str
    train: str
    validation: str
    best: str
    second_phase: str
