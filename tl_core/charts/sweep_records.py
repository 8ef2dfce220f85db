"""The records of a sweep's chart: what the trials scored at each level, and the words on the figure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scale = Literal["names", "log", "linear"]


@dataclass(frozen=True)
class SeedPoint:
    """One trial: where its level stands, its seed, its run, its test accuracy."""

    at: float
    seed: int
    run_id: str
    accuracy: float


@dataclass(frozen=True)
class LevelPoint:
    """One level: where it stands, the mean over its seeds, and how sure that is.

    Attributes:
        at: Its place on the horizontal axis.
        level: Its name, or its number as a text.
        mean: Mean test accuracy; None before any trial has completed.
        interval: 95 % interval of the mean; None for fewer than two seeds.
        n: Seeds.
    """

    at: float
    level: str
    mean: float | None
    interval: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class SweepLine:
    """One line: its level of the factor that makes lines ("" where there is none), its means and single trials."""

    name: str
    points: tuple[LevelPoint, ...]
    trials: tuple[SeedPoint, ...]


@dataclass(frozen=True)
class SweepInfo:
    """What is drawn of a sweep.

    Attributes:
        scale: "names": levels stand in their order, one step apart; else a number is where it is.
        ticks: Place and name of each level.
        is_ordered: Whether lines go from level to level.
        lines: In the order in which they first appear.
        sketch: What somebody predicted, place and accuracy.
        published: Curves from a paper, in their own scale: (line beside which it stands, its points).
        others: Lines that are drawn faintly behind, to compare with; only in one of several small charts.
        sketched: The line that was predicted; "" where there is one only.
    """

    scale: Scale
    ticks: tuple[tuple[float, str], ...]
    is_ordered: bool
    lines: tuple[SweepLine, ...]
    sketch: tuple[tuple[float, float], ...] = ()
    published: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()
    others: tuple[SweepLine, ...] = ()
    sketched: str = ""


@dataclass(frozen=True)
class SweepLabels:
    """The words on the chart, in the reader's language.

    Attributes:
        x: What varies along the horizontal axis.
        accuracy: Test accuracy.
        mean: The line of a sweep that has only one.
        trial: A faint point.
        interval: The band.
        seed: Before the number of a seed.
        seeds: Behind a number of seeds.
        sketch: The predicted curve.
        published: The curve from the paper, and the axis that it has.
        levels: Names of levels, of lines and on the horizontal axis; one that is missing is called as it is.
    """

    x: str
    accuracy: str
    mean: str
    trial: str
    interval: str
    seed: str
    seeds: str
    sketch: str
    published: str
    levels: Mapping[str, str] = field(default_factory=dict)
