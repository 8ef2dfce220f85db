"""Where in one test picture finished runs find what they say, one map for each of them."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import batch
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import SpecError, StoreError
from tl_core.evaluation.explain.explained import Explained
from tl_core.evaluation.explain.maps import cam, channel_shares, grad_cam, occlusion
from tl_core.evaluation.insight.explanations import told
from tl_core.spec import RunSpec


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress | None, None, dict]:
    """Explains what runs say of one test picture.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each.
        parameters: Of `explanations.Explain`.

    Yields:
        Runs done; None where it makes way.

    Returns:
        {"maps": [{"run", and as `told`}…]}.

    Raises:
        SpecError: "spec_range" or "spec_choice": no such picture, class or block.
        InputError: "no_cam".
        StoreError: "file_damaged" when a run left no weights; "answer_not_finite".
        UnknownIdError: The data of the first run are gone.
    """
    maps = []
    for done, asked in enumerate(runs):
        explained, size = kept.models.explained(asked["id"])
        picture = test_picture(kept, runs[0]["spec"], parameters["image"], size)
        maps.append({"run": asked["id"]} | (yield from explain_one(explained, picture, parameters)))
        yield Progress(done + 1, len(runs), {"maps": maps[:]})
    return {"maps": maps}


def test_picture(kept: Kept, spec: Mapping, place: int, size: int) -> np.ndarray:
    """Returns one of the test pictures of a run: uint8 (size, size, 3).

    Raises:
        SpecError: "spec_range": it has fewer.
        UnknownIdError: Its data are gone.
    """
    dataset = kept.warm.dataset(RunSpec.from_dict(spec).dataset, kept.home)
    if place >= len(dataset.test):
        raise SpecError("spec_range", field="image", received=place, low=0, high=len(dataset.test) - 1)
    return batch(dataset, dataset.test[place : place + 1], size)[0]


def explain_one(explained: Explained, picture: np.ndarray, parameters: Mapping) -> Generator[None, None, dict]:
    """Explains what one network says of one picture.

    Args:
        explained: The network.
        picture: uint8 (S, S, 3), of its size.
        parameters: Of `explanations.Explain`.

    Returns:
        As `told`.
    """
    method, target = parameters["method"], explained.checked_target(parameters["target"])
    if method == "occlusion":
        losses, logits, chosen = yield from occlusion(explained, picture, target)
        _check(logits)
        return told(losses, logits, chosen, method=method, block="")
    cut = explained.at(parameters["block"])
    traced = cut.trace(picture, target)
    _check(traced.logits)
    signed = cam(cut, traced.features, traced.target) if method == "cam" else grad_cam(traced)
    shares = channel_shares(traced)
    return told(signed, traced.logits, traced.target, method=method, block=cut.block, channels=shares)


def _check(logits: np.ndarray) -> None:
    """Refuses weights from elsewhere that are numbers, and lead to none."""
    if not np.isfinite(logits).all():
        raise StoreError("answer_not_finite")
