"""Whether maps depend on what a network has learned: its weights are drawn at random, from the output to the input."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.explain import test_picture
from tl_core.evaluation.explain.explained import Explained
from tl_core.evaluation.explain.maps import grad_cam
from tl_core.evaluation.explain.randomised import drawn, randomised, stages
from tl_core.evaluation.insight.explanations import told
from tl_core.evaluation.insight.relevance import rank_correlation
from tl_core.seeds import child_seed

MOST_STAGES = 8


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Compares the Grad-CAM of trained networks with that of networks whose weights are drawn at random bit by bit.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each.
        parameters: Of `explanations.Sanity`.

    Yields:
        Maps done.

    Returns:
        {"stages": [{"run", "n": parts drawn so far, "randomised": the last of them, "rank_correlation": Spearman's
        with the trained network's map, the mean over the repeats, "low", "high": the least and the most of them}…],
        from the head on, at most `MOST_STAGES` of a run; "maps": [{"run", "trained", "random": as `told`, the first
        repeat with all weights drawn}…]}. Where a map is the same everywhere, it has no correlation; where none has
        one, it is None.

    Raises:
        SpecError, StoreError, UnknownIdError: As `explain`.

    References:
        Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.1, cascading randomisation.
    """
    rows, maps = [], []
    for nth, asked in enumerate(runs):
        explained, size = kept.models.explained(asked["id"])
        picture = test_picture(kept, runs[0]["spec"], parameters["image"], size)
        cascade = _cascade(explained, picture, parameters)
        while True:
            try:
                done, total = next(cascade)
            except StopIteration as end:
                stages_, pair = end.value
                break
            yield Progress(nth * total + done, len(runs) * total)
        rows += [{"run": asked["id"]} | row for row in stages_]
        maps.append({"run": asked["id"]} | pair)
    return {"stages": rows, "maps": maps}


def _cascade(
    explained: Explained, picture: np.ndarray, parameters: Mapping
) -> Generator[tuple[int, int], None, tuple[list[dict], dict]]:
    """Yields (maps done, in all); in between the network has its own weights, for others may use it."""
    cut = explained.at(parameters["block"])
    trained = cut.trace(picture, explained.checked_target(parameters["target"]))
    map_, parts, repeats = grad_cam(trained), stages(explained), parameters["repeats"]
    looked_at = np.unique(np.linspace(0, len(parts) - 1, min(len(parts), MOST_STAGES)).round().astype(int)).tolist()
    found: dict[int, list[float | None]] = {at: [] for at in looked_at}
    random, done = trained, 0
    for repeat in range(repeats):
        seed, weights = child_seed(parameters["seed"], f"repeat/{repeat}"), {}
        for at, (_, layers) in enumerate(parts):
            weights |= {layer: drawn(layer, seed) for layer in layers}
            if at not in found:
                continue
            with randomised(weights):
                traced = cut.trace(picture, trained.target)
            found[at].append(rank_correlation(map_, grad_cam(traced)))
            random, done = traced if repeat == 0 else random, done + 1
            yield done, repeats * len(found)
    rows = [{"n": at + 1, "randomised": parts[at][0]} | _spread(values) for at, values in found.items()]
    pair = {
        key: told(grad_cam(one), one.logits, one.target, method="gradcam", block=cut.block)
        for key, one in (("trained", trained), ("random", random))
    }
    return rows, pair


def _spread(values: Sequence[float | None]) -> dict:
    known = [value for value in values if value is not None and value == value]
    if not known:
        return {"rank_correlation": None, "low": None, "high": None}
    return {"rank_correlation": float(np.mean(known)), "low": min(known), "high": max(known)}
