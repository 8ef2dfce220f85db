"""Was the advice right? Networks in the order of their probes, and the same networks fine-tuned.

References: Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?", figures 1 and 2.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import told
from tl_core.experiments.presets.backbones import networks
from tl_core.experiments.presets.data import completed
from tl_core.experiments.presets.networks import CASES, arm_of, network_name, network_of, sizes_of
from tl_core.experiments.ranks import kendall_tau
from tl_core.experiments.rows import Scores, is_judged, scores
from tl_core.experiments.statistics import FEWEST, Difference, pairs
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.models.catalog import backbone_info

PROBE, TUNED = "probe", "tuned"
USUAL = ("mobilenet_v2@128", "efficientnet_lite0@64", "squeezenet@64")
TUNED_SHARE = 1 / 3
"""Of the blocks, counted from the last: enough to change what the head is fed, and little enough for two cores."""


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns each network with a converged probe on its last block, and with its last third tuned."""
    own = ("arms", "backbone", "image_size", "freeze", "n_frozen", "head", "head_at", "phases", "weights")
    base = completed({"epochs": 5, "head_epochs": 20} | {k: v for k, v in options.items() if k not in own})
    for name in ("image_size", "backbone"):
        base.pop(name, None)
    cells = tuple(
        Cell({"arm": arm_of(*case), "way": way}, _options(*case, way))
        for case in dict.fromkeys(_cases(options))
        for way in (PROBE, TUNED)
    )
    return Sweep("advised", base, cells, tuple(range(n_seeds)))


def _cases(options: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Returns backbone and picture size of the networks that are asked for: by arms, or else by backbone or size."""
    asked, backbone, size = options.get("arms"), options.get("backbone"), options.get("image_size")
    if asked:
        return [network_of(arm) for arm in (asked.split(",") if isinstance(asked, str) else asked)]
    if backbone:
        return [(backbone_info(backbone).id, int(px)) for px in ([size] if size else sizes_of(backbone))]
    return [(name, int(size or px)) for name, px in map(network_of, USUAL)]


def _options(backbone: str, image_size: int, way: str) -> dict[str, Any]:
    network = {"backbone": backbone, "image_size": image_size}
    if way == PROBE:
        return network | {"head": "logistic", "freeze": "all"}
    n_blocks = backbone_info(backbone).n_blocks
    return network | {"freeze": n_blocks - max(1, round(n_blocks * TUNED_SHARE)), "phases": 2}


def cases_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Returns the first, the middle and the last network of what an advisor has probed, as arms."""
    found = networks(rows)
    places = dict.fromkeys((0, len(found) // 2, len(found) - 1)) if found else ()
    return tuple(arm_of(found[at].backbone, found[at].image_size) for at in places)


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns how many pairs of networks keep the order of their probes once they are tuned."""
    if not is_judged(rows, ["arm", "way"]):
        return None
    ways = [_known(scores(rows, "arm", way=way)) for way in (PROBE, TUNED)]
    common = [arm for arm in ways[0] if arm in ways[1]]
    if len(common) < 2:
        return None
    means = [{arm: sum(way[arm].values()) / len(way[arm]) for arm in common} for way in ways]
    found = _ordered(means[0], ways[1])
    if not found:
        return None
    n_same, n_turned = (sum(one.outcome == kind for one in found.values()) for kind in ("better", "worse"))
    tau = kendall_tau(*([mean[arm] for arm in common] for mean in means))
    values = {"n": len(found), "n_same": n_same, "n_turned": n_turned, "n_open": len(found) - n_same - n_turned}
    values |= {"tau": f"{tau:.2f}".replace("-", "−"), "n_seeds": max(one.n for one in found.values())}
    more = _best_tuned(means[0], found)
    if n_turned:
        return Answer("advised_turned", values, more)
    if not n_same:
        return Answer("advised_noise", values, more)
    return Answer("advised_same" if n_same == len(found) else "advised_some", values, more)


def _known(levels: Scores) -> Scores:
    return {arm: known for arm, known in levels.items() if len(known) >= FEWEST}


def _ordered(probed: Mapping[str, float], tuned: Scores) -> dict[tuple[str, str], Difference]:
    """Returns (better probe, worse probe) → what the first scored above the other once tuned, corrected for all."""
    found = pairs({arm: tuned[arm] for arm in probed})
    order = sorted(probed, key=lambda arm: -probed[arm])
    return {pair: found[pair] for pair in combinations(order, 2) if pair in found}


def _best_tuned(probed: Mapping[str, float], found: Mapping[tuple[str, str], Difference]) -> tuple[Answer, ...]:
    """Returns what the network that the probe puts first gains over the last one, once both are tuned."""
    order = sorted(probed, key=lambda arm: -probed[arm])
    one = found.get((order[0], order[-1]))
    if one is None or one.interval is None or one.outcome == "within_noise":
        return ()
    first, last = (network_name(*network_of(arm)) for arm in (order[0], order[-1]))
    if one.mean < 0:
        return (Answer("advised_last_better", {"first": first, "last": last, **told(-one)}),)
    return (Answer("advised_first_better", {"first": first, "last": last, **told(one)}),)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether the order is clearly kept by all pairs, or clearly turned by one."""
    said = answer(rows)
    return {"advised_same": "kept", "advised_turned": "turned"}.get(said.code) if said else None


ADVISED = Preset(
    id="advised",
    x="arm",
    series="way",
    is_logarithmic=False,
    n_seeds=3,
    choices=("kept", "turned"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    arms=CASES,
    is_ordered=False,
)
