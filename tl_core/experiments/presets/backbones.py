"""Which backbone fits these pictures? A converged probe on every backbone that is here, at its sizes and four depths.

References: Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?", figure 2; You et al. 2021, "LogME:
Practical Assessment of Pre-trained Models for Transfer Learning".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import told
from tl_core.experiments.presets.data import completed
from tl_core.experiments.presets.networks import available, network_name, probed_blocks, sizes_of
from tl_core.experiments.rows import is_judged
from tl_core.experiments.statistics import FEWEST, differences
from tl_core.experiments.sweep import SEED, Cell, Sweep
from tl_core.models.catalog import backbone_info

FACTORS = ("backbone", "image_size", "block")
CHOSEN = ("mobilenet_v2", "efficientnet_lite0", "squeezenet", "resnet50", "vgg16")
OTHER, SEVERAL = "other", "several"


@dataclass(frozen=True)
class Probed:
    """A network at the block where its probe tests best.

    Attributes:
        backbone: Its id.
        image_size: In px.
        block: Where the probe stands.
        scores: Seed → test accuracy.
    """

    backbone: str
    image_size: int
    block: str
    scores: Mapping[int, float]

    @property
    def mean(self) -> float:
        return sum(self.scores.values()) / len(self.scores)

    @property
    def name(self) -> str:
        return network_name(self.backbone, self.image_size)


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns a converged probe at four depths of each backbone, or the one that is asked for, at its sizes."""
    own = (*FACTORS, "head", "head_at", "freeze", "n_frozen", "weights")
    base = completed({name: value for name, value in options.items() if name not in own})
    for name in ("image_size", "backbone"):
        base.pop(name, None)
    one, size = options.get("backbone"), options.get("image_size")
    cells = tuple(
        Cell({"backbone": name, "image_size": px, "block": block}, _options(name, px, block))
        for name in ([backbone_info(one).id] if one else available(home))
        for px in ([int(size)] if size else sizes_of(name))
        for block in probed_blocks(name)
    )
    return Sweep("backbones", base | {"head": "logistic", "freeze": "all"}, cells, tuple(range(n_seeds)))


def _options(backbone: str, image_size: int, block: str) -> dict[str, Any]:
    return {"backbone": backbone, "image_size": image_size, "head_at": block}


def networks(rows: Sequence[Row]) -> list[Probed]:
    """Returns each network at its best block, the best one first; those without a score are left out.

    A network is only as good here as the pictures say by which its block was chosen, the test pictures: a little less
    on others.
    """
    cells: dict[tuple, dict[int, float]] = {}
    for row in rows:
        if row["test_accuracy"] is not None:
            cells.setdefault(tuple(row[name] for name in FACTORS), {})[row[SEED]] = row["test_accuracy"]
    best: dict[tuple[str, int], Probed] = {}
    for (backbone, size, block), scores in cells.items():
        probed = Probed(backbone, size, block, scores)
        known = best.get((backbone, size))
        best[backbone, size] = probed if known is None or probed.mean > known.mean else known
    return sorted(best.values(), key=lambda one: -one.mean)


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns which backbone is best at its best size and block, which are within noise of it, and what size brings."""
    if not is_judged(rows, FACTORS):
        return None
    found = [one for one in networks(rows) if len(one.scores) >= FEWEST]
    if not found:
        return None
    more = _of_sizes([one for one in found if one.backbone == found[0].backbone])
    return _of_backbones(found, more) or (more[0] if more else None)


def _of_backbones(found: Sequence[Probed], more: tuple[Answer, ...]) -> Answer | None:
    """Returns how the best network of each backbone stands to the best of all."""
    best = {one.backbone: one for one in reversed(found)}  # the better ones replace the others
    first, *rest = sorted(best.values(), key=lambda one: -one.mean)
    differ = differences({one.backbone: one.scores for one in rest}, first.scores)
    rest = [one for one in rest if one.backbone in differ]
    if not rest:
        return None
    values: dict[str, Any] = {"best": first.name, "block": first.block, "n_seeds": len(first.scores), "n": len(rest)}
    if all(one.interval is None for one in differ.values()):
        return Answer("no_spread", {"n_seeds": values["n_seeds"]})
    alike = [one for one in rest if differ[one.backbone].outcome != "worse"]
    worse = [one for one in rest if one not in alike]
    if not worse:
        return Answer("backbones_noise", values, more)
    if not alike:
        return Answer("backbones_best", values | told(-differ[worse[0].backbone]) | {"second": worse[0].name}, more)
    last = told(-differ[worse[-1].backbone]) | {"worst": worse[-1].name, "n_worse": len(worse)}
    return Answer("backbones_shared", values | last | {"alike": ", ".join(one.name for one in alike)}, more)


def _of_sizes(found: Sequence[Probed]) -> tuple[Answer, ...]:
    """Returns what the best size of a backbone gains over the smallest; nothing where it was tried at one only."""
    first, smallest = found[0], min(found, key=lambda one: one.image_size)
    if len(found) < 2:
        return ()
    differ = differences({one.image_size: one.scores for one in found[1:]}, first.scores)
    values: dict[str, Any] = {"best": first.name, "smallest": smallest.image_size, "n_seeds": len(first.scores)}
    if first is smallest:
        return (Answer("backbones_size_small", values),)
    one = differ.get(smallest.image_size)
    if one is None or one.interval is None or one.outcome != "worse":
        return (Answer("backbones_size_noise", values),)
    return (Answer("backbones_size", values | told(-one)),)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns the backbone that is clearly best, or that several cannot be told apart."""
    said = answer(rows)
    if said is None or said.code not in ("backbones_best", "backbones_shared", "backbones_noise"):
        return None
    if said.code != "backbones_best":
        return SEVERAL
    first = networks(rows)[0].backbone
    return first if first in CHOSEN else OTHER


BACKBONES = Preset(
    id="backbones",
    x="block",
    series="backbone",
    is_logarithmic=False,
    n_seeds=3,
    choices=(*CHOSEN, OTHER, SEVERAL),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    chart="map",
)
