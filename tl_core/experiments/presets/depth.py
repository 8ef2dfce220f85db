"""Behind which block are pretrained features best? A converged linear probe at every block.

References: Yosinski et al. 2014, "How transferable are features in deep neural networks?", figure 2; Alain & Bengio
2016, "Understanding intermediate layers using linear classifier probes".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import told
from tl_core.experiments.presets.data import completed
from tl_core.experiments.rows import first_even, is_judged, most_lost, scores
from tl_core.experiments.statistics import differences
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.models.catalog import backbone_info

ALIKE = 0.03
"""What differs by less for sure counts as the same."""
PREDICTED = MappingProxyType(
    {"depth_inside": "inside", "depth_last": "last", "depth_last_alone": "last", "depth_same": "same"}
)


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns a converged probe behind every block of the backbone, on few pictures, others with each seed."""
    given = {name: value for name, value in options.items() if name not in ("head_at", "n_frozen")}
    base = completed(given, dataset="cifar10-small") | {"head": "logistic", "freeze": "all"}
    blocks = backbone_info(base["backbone"]).blocks
    cells = tuple(Cell({"block": block.name}, {"head_at": block.name}) for block in blocks)
    return Sweep("depth", base, cells, tuple(range(n_seeds)))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns whether a block inside beats the last one, and if none does, from where on nothing is lost."""
    levels = scores(rows, "block")
    if len(levels) < 2 or not is_judged(rows, ["block"]):
        return None
    *_, last = levels
    found = differences({name: known for name, known in levels.items() if name != last}, levels[last])
    if not found:
        return None
    values: dict[str, Any] = {"last": last, "n": len(found), "n_seeds": max(one.n for one in found.values())}
    better = [name for name, one in found.items() if one.outcome == "better"]
    worse = [name for name, one in found.items() if one.outcome == "worse"]
    if better:
        best = max(better, key=lambda name: found[name].mean)
        return Answer("depth_inside", values | told(found[best]) | {"block": best})
    if worse:
        lower = worse[0] if worse[0] == next(iter(found)) else min(worse, key=lambda name: found[name].mean)
        values |= told(-found[lower]) | {"block": lower}
        even = first_even(found, last)
        most = most_lost(found[even]) if even in found else None
        if most is None:
            return Answer("depth_last_alone", values)
        return Answer("depth_last", values | {"first_even": even, "most": most})
    if all(one.interval is None for one in found.values()):
        return Answer("no_spread", {"n_seeds": values["n_seeds"]})
    if all(one.is_within(ALIKE) for one in found.values()):
        return Answer("depth_same", values | {"margin": ALIKE})
    return Answer("depth_noise", values)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns the prediction that the numbers bear out."""
    said = answer(rows)
    return PREDICTED.get(said.code) if said else None


DEPTH = Preset(
    id="depth",
    x="block",
    series=None,
    is_logarithmic=False,
    n_seeds=5,
    choices=("inside", "last", "same"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
)
