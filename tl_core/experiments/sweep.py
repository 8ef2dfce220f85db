"""A sweep: one question, asked of real runs. Named factors, their cells in order, and seeds; together they are trials.

A sweep is plain data and trains nothing. Its trials are ordinary runs: equal ones are taken from the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from tl_core.errors import InputError
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

Level = str | int | float
"""A value of a factor, as tables and charts have it."""
SEED = "seed"
MOST_TRIALS = 500
MOST_SEEDS = 30


@dataclass(frozen=True)
class Cell:
    """One combination of levels of the factors.

    Attributes:
        factors: Factor → level; every cell of a sweep names the same factors in the same order.
        options: What sets them: options of `planning.plan.plan_run`, before those of the sweep.
        source: The factors of an earlier cell: the run starts from the backbone that the one of that cell, with the
            same seed, has trained. None: as the options say.
    """

    factors: Mapping[str, Level]
    options: Mapping[str, Any]
    source: Mapping[str, Level] | None = None


@dataclass(frozen=True)
class Trial:
    """One run of a sweep.

    Attributes:
        factors: Factor → level, the seed last.
        spec: What is trained; where another trial is its source, without that one's id, which is not known yet.
        source: The place of that trial among all; it comes before.
    """

    factors: Mapping[str, Level]
    spec: RunSpec
    source: int | None = None


@dataclass(frozen=True)
class Sweep:
    """Trials in their order.

    Attributes:
        kind: A preset's id, or "own".
        base: Options of `planning.plan.plan_run` that all trials share.
        cells: Combinations of levels, in the order in which they are trained.
        seeds: Each cell is trained once with each; all cells with the first one come first, so that the whole curve
            is there early and its band narrows.
        prediction: What somebody said beforehand that it would show, one of a preset's choices; "" where nobody did.
        sketch: The curve that somebody drew instead, (level, accuracy) each, of the first line; () where nobody did.

    Raises:
        InputError: "bad_sweep": no cells or seeds, cells that name other factors, the same levels twice, more than
            `MOST_TRIALS`, or a source that is no earlier cell.
    """

    kind: str
    base: Mapping[str, Any]
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    prediction: str = ""
    sketch: tuple[tuple[Level, float], ...] = ()

    def __post_init__(self) -> None:
        levels = [tuple(cell.factors.items()) for cell in self.cells]
        is_apart = len(set(levels)) == len(levels) and len(set(self.seeds)) == len(self.seeds)
        is_even = len({tuple(cell.factors) for cell in self.cells}) == 1 and SEED not in self.cells[0].factors
        is_small = len(self.seeds) <= MOST_SEEDS and self.n_trials <= MOST_TRIALS
        is_in_order = all(self._source(at) in (None, *range(at)) for at in range(len(self.cells)))
        if not (self.n_trials and is_apart and is_even and is_small and is_in_order):
            raise InputError(
                "bad_sweep",
                cells=len(self.cells),
                seeds=len(self.seeds),
                most_seeds=MOST_SEEDS,
                most_trials=MOST_TRIALS,
            )

    @property
    def n_trials(self) -> int:
        return len(self.cells) * len(self.seeds)

    @property
    def factors(self) -> tuple[str, ...]:
        """The names of the factors, without the seed."""
        return tuple(self.cells[0].factors)

    @property
    def varied(self) -> frozenset[str]:
        """The factors, and the options of `plan_run` that cells set for themselves."""
        return frozenset(name for cell in self.cells for name in (*cell.factors, *cell.options))

    @property
    def starts_from_runs(self) -> bool:
        """Whether a trial starts from the backbone of another one, or of a run."""
        options = (self.base, *(cell.options for cell in self.cells))
        return any(cell.source for cell in self.cells) or any(one.get("source") for one in options)

    def trials(self, home: Path | None = None) -> tuple[Trial, ...]:
        """Returns all trials in the order in which they are trained.

        Args:
            home: The data folder, where visitors' own data sets are.

        Raises:
            UnknownIdError, SpecError: As `plan_run`; the first trial that cannot be run says why.
        """
        return tuple(self.trial(place, home) for place in range(self.n_trials))

    def levels(self) -> tuple[Mapping[str, Level], ...]:
        """Returns factor → level of all trials in their order, the seed last; none of them is planned for it."""
        return tuple({**cell.factors, SEED: seed} for seed in self.seeds for cell in self.cells)

    def trial(self, place: int, home: Path | None = None) -> Trial:
        """Returns the trial at one place among all; arguments and errors as of `trials`."""
        nth, at = divmod(place, len(self.cells))
        cell, seed, source = self.cells[at], self.seeds[nth], self._source(at)
        before = None if source is None else nth * len(self.cells) + source
        spec = plan_run({**self.base, **cell.options, SEED: seed}, home)
        return Trial({**cell.factors, SEED: seed}, spec, before)

    def _source(self, at: int) -> int | None:
        """Returns the place of the cell that one has its source from, its own where there is no such; None without."""
        wanted = self.cells[at].source
        return next((n for n in range(at) if self.cells[n].factors == wanted), at) if wanted else None

    def with_seeds(self, n: int) -> "Sweep":
        """Returns the sweep with so many seeds, counted from 0 on where they are new.

        Raises:
            InputError: "bad_sweep".
        """
        more = (seed for seed in range(n + len(self.seeds)) if seed not in self.seeds)
        seeds = list(self.seeds[:n])
        while len(seeds) < n:
            seeds.append(next(more))
        return replace(self, seeds=tuple(seeds))

    def to_dict(self) -> dict:
        """Returns JSON-able plain data."""
        cells = [_plain(cell) for cell in self.cells]
        told = {"kind": self.kind, "base": dict(self.base), "cells": cells, "seeds": list(self.seeds)}
        told |= {"prediction": self.prediction} if self.prediction else {}
        return told | ({"sketch": [list(point) for point in self.sketch]} if self.sketch else {})

    @classmethod
    def from_dict(cls, data: Mapping) -> "Sweep":
        """Returns the sweep that `to_dict` described.

        Raises:
            InputError: "bad_sweep".
        """
        try:
            cells = tuple(Cell(dict(one["factors"]), dict(one["options"]), one.get("source")) for one in data["cells"])
            seeds = tuple(int(seed) for seed in data["seeds"])
            sketch = tuple((level, float(value)) for level, value in data.get("sketch", ()))
            return cls(str(data["kind"]), dict(data["base"]), cells, seeds, str(data.get("prediction", "")), sketch)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("bad_sweep", cells=0, seeds=0, most_seeds=MOST_SEEDS, most_trials=MOST_TRIALS) from error


def _plain(cell: Cell) -> dict:
    told = {"factors": dict(cell.factors), "options": dict(cell.options)}
    return told | ({"source": dict(cell.source)} if cell.source else {})


def grid(factors: Mapping[str, Sequence[Level]]) -> tuple[Cell, ...]:
    """Returns the cells of all combinations of some options of `plan_run`, the last one changing fastest.

    Args:
        factors: Option → its values.
    """
    combined = (dict(zip(factors, levels, strict=True)) for levels in product(*factors.values()))
    return tuple(Cell(levels, levels) for levels in combined)
