"""Are features that one's own network has learned general? Blocks of one task, under the head of another.

Two halves of a data set's classes, A and B, and a network trained from scratch on each. The first n blocks of either
are copied and frozen, or copied and tuned; what stands behind them starts at random and is trained on B.

References: Yosinski et al. 2014, "How transferable are features in deep neural networks?", figures 1 and 2.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tl_core.experiments.preset import Answer, Preset, Row
from tl_core.experiments.presets.arms import arms_of, beside
from tl_core.experiments.rows import is_judged, scores
from tl_core.experiments.statistics import Difference, corrected, paired_difference
from tl_core.experiments.sweep import Cell, Sweep
from tl_core.models.catalog import backbone_info
from tl_core.planning.plan import head_rate, scratch_rate

BASE_A, BASE_B, FEW = "base-a", "base-b", "few"
ARMS = ("a-frozen", "b-frozen", "a-tuned", "b-tuned", "a-few")
HALVES = {BASE_A: "cifar10-a", BASE_B: "cifar10-b"}
SMALL = {"backbone": "squeezenet", "image_size": 32, "epochs": 12, "batch_size": 32}
FEW_PICTURES = {"per_class": 50, "epochs": 36}
ALIKE = 0.03


def sweep(options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
    """Returns both networks from scratch, then the copies of their first blocks, frozen and tuned, trained on B.

    The fifth arm asks the same of few pictures: all blocks of A tuned on B, beside as many from scratch.
    """
    arms = arms_of(options, ARMS, ARMS)
    own = {"arms", "dataset", "weights", "pretrained_blocks", "n_pretrained", "source", "freeze", "n_frozen", "head_at"}
    own |= {"phases", "batchnorm", "batchnorm_momentum"}
    given = {name: value for name, value in options.items() if name not in own}
    given = {name: value for name, value in given.items() if value is not None}
    base = {**SMALL, **given, "dataset": HALVES[BASE_B], "phases": 1, "batchnorm": "trained", "batchnorm_momentum": 0.9}
    base.setdefault("learning_rate", scratch_rate(base["backbone"], base.get("optimizer", "adam")))
    n_blocks = backbone_info(base["backbone"]).n_blocks
    cuts = sorted({max(1, n_blocks // 3), max(1, 2 * n_blocks // 3), n_blocks})
    scratch = {"weights": "random", "freeze": "none"}
    cells = [Cell(_at(0, name), {**scratch, "dataset": half}) for name, half in HALVES.items()]
    head = {n_blocks: {"head_learning_rate": head_rate(base["backbone"], base.get("optimizer", "adam"))}}
    cells += [_copy(arm, n, head.get(n, {})) for n in cuts for arm in arms if arm != "a-few"]
    if "a-few" in arms:
        cells.append(Cell(_at(0, FEW), {**scratch, **FEW_PICTURES}))
        cells.append(Cell(_at(n_blocks, "a-few"), {"freeze": "none", **FEW_PICTURES}, _at(0, BASE_A)))
    return Sweep("source", base, tuple(cells), tuple(range(n_seeds)))


def _at(n: int, arm: str) -> dict[str, Any]:
    return {"blocks": n, "arm": arm}


def _copy(arm: str, n: int, head: Mapping[str, Any]) -> Cell:
    """Returns a cell of one arm: the first n blocks of a network, frozen or tuned.

    Args:
        arm: One of `ARMS`, but for that of few pictures.
        n: Blocks that are copied.
        head: Options of what is frozen.
    """
    half, _, way = arm.partition("-")
    options: dict[str, Any] = {"pretrained_blocks": n, "freeze": "none"}
    if way == "frozen":
        options |= {"freeze": n, **head}
    return Cell(_at(n, arm), options, _at(0, f"base-{half}"))


def answer(rows: Sequence[Row]) -> Answer | None:
    """Returns what copying all blocks costs or brings beside the network from scratch, for each arm that there is."""
    if not is_judged(rows, ["blocks", "arm"]):
        return None
    found = _compared(rows)
    said = [beside("copied", one, first=arm, other=other) for (arm, other), one in found.items()]
    return Answer(said[0].code, said[0].values, tuple(said[1:])) if said else None


def _compared(rows: Sequence[Row]) -> dict[tuple[str, str], Difference]:
    """Returns (arm with most blocks copied, network from scratch) → their difference, corrected for all."""
    last = max(row["blocks"] for row in rows)
    all_copied, scratch = (scores(rows, "arm", blocks=n) for n in (last, 0))
    wanted = {(arm, FEW if arm == "a-few" else BASE_B): known for arm, known in all_copied.items()}
    pairs = {pair: paired_difference(known, scratch[pair[1]]) for pair, known in wanted.items() if scratch.get(pair[1])}
    return corrected(pairs)


def verdict(rows: Sequence[Row]) -> str | None:
    """Returns whether all blocks of A, frozen, do worse on B than blocks that learned B: "specific" or "general"."""
    one = _compared(rows).get(("a-frozen", BASE_B)) if answer(rows) is not None else None
    if one is None:
        return None
    if one.outcome == "within_noise":
        return "general" if one.is_within(ALIKE) else None
    return "specific" if one.mean < 0 else "better"


SOURCE = Preset(
    id="source",
    x="blocks",
    series="arm",
    is_logarithmic=False,
    n_seeds=3,
    choices=("specific", "general", "better"),
    sweep=sweep,
    answer=answer,
    verdict=verdict,
    arms=ARMS,
)
