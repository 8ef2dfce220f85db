"""Somebody's own sweep: one or two settings of a run, their values as they were typed, and all else as it stands."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.datasets.known import known_dataset
from tl_core.errors import InputError, SpecError
from tl_core.experiments.sweep import Cell, Level, Sweep, grid
from tl_core.models.catalog import BackboneInfo, backbone_info
from tl_core.planning.blocks import resolve_freeze, resolve_head_at
from tl_core.planning.plan import TRAINING, is_head_only, n_training_images
from tl_core.spec import CHOICES, RunSpec, check_field

KIND = "own"
VARIED = (
    "per_class",
    "image_size",
    "n_frozen",
    "head_at",
    "head",
    "epochs",
    "learning_rate",
    "batch_size",
    "optimizer",
    "augment",
)
"""The settings that a sweep of one's own may vary."""
MOST_FACTORS = 2
LOGARITHMIC = frozenset({"per_class", "learning_rate", "batch_size"})
"""Those whose values are far apart: each is so many times the one before."""
ALL = "all"
_RATES = ("learning_rate", "head_learning_rate")
_SIGN = re.compile(r"[\s,;，；、]+")


def levels_of(field: str, text: str, backbone: str) -> tuple[Level, ...]:
    """Returns the values that somebody typed, each once, in their order.

    Args:
        field: One of `VARIED`.
        text: Values between commas or blanks; "all" where a setting may be left open, names of blocks where it cuts.
        backbone: Whose blocks.

    Raises:
        SpecError: A value is none of this setting; it says which are.
        InputError: "sweep_values_missing".
    """
    info = backbone_info(backbone)
    found = [_level(field, part, info) for part in _SIGN.split(text) if part]
    if not found:
        raise InputError("sweep_values_missing", field=field)
    return tuple(dict.fromkeys(found))


def _level(field: str, part: str, info: BackboneInfo) -> Level:
    if field == "n_frozen":
        return resolve_freeze(part, info, info.n_blocks)
    if field == "head_at":
        return info.n_used(resolve_head_at(part, info))
    value = check_field(field, part)
    return ALL if value is None else value


def own_sweep(
    spec: RunSpec, factors: Mapping[str, Sequence[Level]], seeds: Sequence[int], home: Path | None = None
) -> Sweep:
    """Returns the sweep that varies some settings of a run.

    What follows from a varied setting is left to follow: rates from the optimiser and from what is frozen, and of few
    pictures all of them are a batch.

    Args:
        spec: The run, whose seed is left aside.
        factors: Setting → its values; the first one is the horizontal axis.
        seeds: With which each is trained.
        home: The data folder, where visitors' own data sets are.

    Raises:
        InputError: "bad_sweep".
        UnknownIdError: The run's data set is gone.
    """
    dataset = known_dataset(spec.dataset, home)
    cells = []
    for cell in grid(factors):
        options = {name: None if level == ALL else level for name, level in cell.factors.items()}
        if "per_class" in options and "batch_size" not in options:
            few = spec.with_changes(per_class=options["per_class"])
            options["batch_size"] = min(spec.batch_size, n_training_images(few, dataset))
        if options.get("augment") == "classic":
            options["views"] = "fresh"  # as the old programs have it
        cells.append(Cell(cell.factors, options))
    return Sweep(KIND, _base(spec, frozenset(factors)), tuple(cells), tuple(seeds))


def _base(spec: RunSpec, varied: frozenset[str]) -> dict[str, Any]:
    """Returns the options that stay, without what has to follow from those that vary."""
    left_out = {"seed", "threads", "fault", *varied}
    if is_head_only(spec):
        left_out |= {"n_frozen", *TRAINING} - ({"learning_rate"} - varied)  # whatever the head stands on is frozen
        left_out |= set(_RATES) if "n_frozen" in varied else set()
    if "optimizer" in varied:
        left_out |= set(_RATES)
    return {name: value for name, value in spec.to_dict().items() if name not in left_out and value is not None}


def to_text(factors: Mapping[str, Sequence[Level]]) -> str:
    """Returns settings and values in one line, as a link has them."""
    return ";".join(f"{field}:{','.join(map(_written, levels))}" for field, levels in factors.items())


def _written(level: Level) -> str:
    return f"{level:g}" if isinstance(level, float) and float(f"{level:g}") == level else str(level)


def from_text(text: str, backbone: str) -> dict[str, tuple[Level, ...]]:
    """Reads what `to_text` wrote. Never raises: what cannot be used is left out.

    Args:
        text: Anything, as a stranger may have written it.
        backbone: Whose blocks.
    """
    found: dict[str, tuple[Level, ...]] = {}
    for part in text[:500].split(";"):
        field, _, values = part.partition(":")
        if field in VARIED and len(found) < MOST_FACTORS:
            try:
                found[field] = levels_of(field, values, backbone)
            except (SpecError, InputError):
                continue
    return found


def choices_of(field: str) -> tuple[str, ...] | None:
    """Returns the words that a setting may have; None for a number."""
    return CHOICES.get(field)
