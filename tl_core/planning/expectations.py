"""What to expect: the runs by which the defaults were chosen, and the table of what they reached.

The table lies in the repository, one row a run, and is made by `python -m tl_core expect`: anyone who changes a default
measures it again. Sizes are such that the whole takes about two hours on two cores.
What was not measured yet is not in it, and no page speaks of it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tl_core.models.catalog import backbone_info
from tl_core.paths import ASSETS
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

TABLE = ASSETS / "expectations.csv"
BACKBONES = ("mobilenet_v2", "efficientnet_lite0", "squeezenet")
LARGE = ("vgg16", "resnet50")
"""Bundled as well; training their blocks takes many hours on two cores, so the table has what was measured so far."""
SHARES = (1.0, 0.95, 0.85, 0.65, 0.3, 0.0)  # of the blocks that are frozen
SEEDS = (0, 1, 2)
SIZES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "groceries": MappingProxyType({"image_size": 160}),
        "groceries-coarse": MappingProxyType({"image_size": 160}),
        "cifar10-small": MappingProxyType({"image_size": 96, "per_class": 100}),
        "mnist-small": MappingProxyType({"image_size": 64, "per_class": 50}),
        "chest-xray-small": MappingProxyType({"image_size": 96, "per_class": 200}),
    }
)
"""Data set → at which size it is measured."""
SCRATCH_RATES_TRIED = (3e-4, 1e-3, 3e-3)
SCRATCH_MOMENTA_TRIED = (0.9, 0.99)
SCRATCH = MappingProxyType(
    {
        f"scratch-{rate:g}-{momentum:g}": MappingProxyType(
            {"weights": "random", "learning_rate": rate, "batchnorm_momentum": momentum}
        )
        for rate in SCRATCH_RATES_TRIED
        for momentum in SCRATCH_MOMENTA_TRIED
    }
)
"""What was tried for the from-scratch baseline: learning rates, and momenta of BatchNorm."""
WAYS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {"default": MappingProxyType({}), "at-once": MappingProxyType({"phases": 1, "batchnorm": "trained"}), **SCRATCH}
)
"""How blocks are trained: as the defaults say; all at once with BatchNorm trained, which spoils them; from scratch."""
COLUMNS = (
    "way",
    "dataset",
    "backbone",
    "n_frozen",
    "seed",
    "test_accuracy",
    "validation_accuracy",
    "best_epoch",
    "seconds",
)


@dataclass(frozen=True, order=True)
class Trial:
    """One run of the grid."""

    way: str
    dataset: str
    backbone: str
    n_frozen: int
    seed: int

    def spec(self) -> RunSpec:
        """Returns what is trained."""
        chosen = {"dataset": self.dataset, "backbone": self.backbone, "n_frozen": self.n_frozen, "seed": self.seed}
        return plan_run({**chosen, **size_of(self.dataset, self.backbone), **WAYS[self.way]})


def size_of(dataset: str, backbone: str) -> dict[str, int]:
    """Returns at which size a backbone is measured on a data set; in pictures no larger than the lab starts with."""
    size = SIZES[dataset]
    return {**size, "image_size": min(size["image_size"], backbone_info(backbone).image_size)}


def cuts(backbone: str) -> list[int]:
    """Returns how many blocks are frozen in the trials of a backbone, from all to none; never the same twice."""
    n_blocks = backbone_info(backbone).n_blocks
    wanted = [n_blocks, *(min(round(share * n_blocks), n_blocks - 1) for share in SHARES[1:])]
    return sorted(set(wanted), reverse=True)


def trials(
    ways: tuple[str, ...] = ("default",),
    datasets: tuple[str, ...] = tuple(SIZES),
    backbones: tuple[str, ...] = BACKBONES,
    seeds: tuple[int, ...] = SEEDS,
    n_cuts: int | None = None,
) -> Iterator[Trial]:
    """Yields the grid, one seed after the other, so that what is broken off has measured everything less often.

    Args:
        ways: Of `WAYS`.
        datasets: Of `SIZES`.
        backbones: Of `BACKBONES` and `LARGE`.
        seeds: One run each.
        n_cuts: How many cuts are tried, from all blocks frozen on; None tries all of them.
    """
    for seed in seeds:
        for way in ways:
            for dataset in datasets:
                for backbone in backbones:
                    for n_frozen in _cuts_of(way, backbone)[:n_cuts]:
                        yield Trial(way, dataset, backbone, n_frozen, seed)


def _cuts_of(way: str, backbone: str) -> list[int]:
    """Returns the cuts at which a way makes a difference."""
    if way in SCRATCH:
        has_momentum = backbone_info(backbone).has_batchnorm
        return [0] if has_momentum or way in list(SCRATCH)[:: len(SCRATCH_MOMENTA_TRIED)] else []
    return cuts(backbone) if way == "default" else cuts(backbone)[1:]


def read(path: Path) -> dict[Trial, dict[str, float]]:
    """Returns what a table holds; nothing of a table that is not there yet."""
    if not path.exists():
        return {}
    rows = csv.DictReader(io.StringIO(path.read_text()))
    return {
        Trial(row["way"], row["dataset"], row["backbone"], int(row["n_frozen"]), int(row["seed"])): {
            name: int(float(row[name])) if name == "best_epoch" else float(row[name]) for name in COLUMNS[5:]
        }
        for row in rows
    }


def written(table: Mapping[Trial, Mapping[str, float]]) -> str:
    """Returns a table as text, in an order that does not depend on when a row was measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for trial in sorted(table, key=lambda one: (one.way, one.dataset, one.backbone, -one.n_frozen, one.seed)):
        row = {name: getattr(trial, name) for name in COLUMNS[:5]} | dict(table[trial])
        writer.writerow([row[name] for name in COLUMNS])
    return text.getvalue()


def is_whole(dataset: str, backbone: str) -> bool:
    """Says whether the defaults were measured at every cut of the grid."""
    return set(cuts(backbone)) <= set(measured("default", dataset, backbone))


@cache
def measured(way: str, dataset: str, backbone: str) -> Mapping[int, tuple[float, ...]]:
    """Returns frozen blocks → test accuracies, one for each seed; nothing where it was not measured."""
    found: dict[int, list[float]] = {}
    for trial, values in sorted(read(TABLE).items()):
        if (trial.way, trial.dataset, trial.backbone) == (way, dataset, backbone):
            found.setdefault(trial.n_frozen, []).append(values["test_accuracy"])
    return MappingProxyType({n_frozen: tuple(values) for n_frozen, values in sorted(found.items())})
