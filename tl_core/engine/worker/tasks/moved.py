"""What training has changed in each block: its weights, what it makes of pictures, its BatchNorm statistics."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from tl_core.datasets.arrays import Dataset, batch
from tl_core.engine.environment import n_threads
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import StoreError
from tl_core.evaluation.insight.similarity import centred_gram, linear_cka, spread_evenly
from tl_core.models.build import Network
from tl_core.models.movement import relative_change, statistics_drift
from tl_core.models.responses import block_states, n_numbers, responses
from tl_core.models.trained import copies, load_untrained, put_back
from tl_core.spec import RunSpec
from tl_core.training.extraction import Extractor
from tl_core.training.proof import block_hashes

MOST_NUMBERS = 64_000_000  # of features that are held at once: 256 MB; wider networks take several passes
Grams = dict[int, np.ndarray | None]  # of the blocks that are computed, by their places


@dataclass(eq=False)
class Compared:
    """A run before and after its training.

    Attributes:
        id: The run.
        spec: What it was.
        network: Its network, which holds either weights.
        model: The part of it that was trained.
        weights: Of that part, before and after.
        hashes: Of each block, the head last, before and after.
        rows: What is told of each block, the head last.
        first_moved: Place of the first block that is not as it was: before it, the network is the same function.
        grams: How alike any two pictures are to each block from `first_moved` on, before and after.
    """

    id: str
    spec: RunSpec
    network: Network
    model: keras.Model
    weights: tuple[list[np.ndarray], list[np.ndarray]]
    hashes: tuple[list[str], list[str]]
    rows: list[dict[str, Any]]
    first_moved: int
    grams: tuple[Grams, Grams] = field(default_factory=lambda: ({}, {}))

    def pictures(self, dataset: Dataset, n: int) -> np.ndarray:
        """Returns the places of the test pictures that are looked at, int (n,)."""
        return dataset.test[spread_evenly(len(dataset.test), n)]

    def is_like(self, other: "Compared") -> bool:
        """Says whether another run's blocks can be laid beside these one by one, on the same pictures."""
        return all(getattr(self.spec, name) == getattr(other.spec, name) for name in ("backbone", "dataset"))

    def n_equal(self, other: "Compared") -> int:
        """Returns how many blocks from the input on are the same function as another run's."""
        if any(getattr(self.spec, name) != getattr(other.spec, name) for name in ("image_size", "fault")):
            return 0
        return _n_equal(self.hashes[1], other.hashes[1])


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress | None, None, dict]:
    """Compares each run with what its training began with, and the first with the others.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each.
        parameters: {"n"}, test pictures that the blocks are shown, at most.

    Yields:
        Pictures done, after each batch; the first brings what the weights alone tell.

    Returns:
        {"n", "blocks": [{"block", "frozen", "relative_change", "cka", "mean_drift", "variance_drift"}…], "others":
        [{"id", "n", "blocks": the same, each with "cka_with_first"}…]}, the head last in each; see `models.movement`
        and `evaluation.insight.similarity`. None is what cannot be told: BatchNorm's where there is none, CKA of a dead
        block. What was not moved has 0.0 and 1.0 exactly, and is not computed.

    Raises:
        StoreError: "file_damaged" when a run left no weights.
        UnknownIdError: Its data are gone.
    """
    compared: list[Compared] = []
    for asked in runs:
        compared.append(_compared(kept, asked["id"]))
        yield None
    first, *others = compared
    like = [other for other in others if first.is_like(other)]
    done, n, counts = 0.0, int(parameters["n"]), []
    total = 2 * n * len(compared)
    yield Progress(0, total, _told(compared, [0] * len(compared)))
    for one in compared:
        dataset = kept.warm.dataset(one.spec.dataset, kept.home)
        chosen = one.pictures(dataset, n)
        counts.append(len(chosen))
        starts = [one.first_moved, min([first.n_equal(other) for other in like], default=len(one.rows))]
        for moment, place in enumerate((one.first_moved, min(starts) if one in (first, *like) else starts[0])):
            put_back(one.model.variables, one.weights[moment])
            for share in _fill(one, one.grams[moment], range(place, len(one.rows)), dataset, chosen):
                done += share * n
                yield Progress(round(done), total) if share else None
        for at, row in enumerate(one.rows):
            is_same = at < one.first_moved
            row["cka"] = 1.0 if is_same else linear_cka(one.grams[0][at], one.grams[1][at])
        one.grams[0].clear()
        yield None
    for other in others:
        _lay_beside(first, other, is_like=other in like)
    return _told(compared, counts)


def _compared(kept: Kept, id: str) -> Compared:
    network, spec, model, trained = load_untrained(kept.home / "runs" / id)
    untrained, states, hashes = copies(model.variables), block_states(network), block_hashes(network)
    try:
        put_back(model.variables, trained)
    except ValueError as error:
        raise StoreError("file_damaged", path="weights.safetensors") from error
    after, new = block_states(network), block_hashes(network)
    rows = []
    for at, (name, was, now) in enumerate(zip(hashes, states, after, strict=True)):
        mean_drift, variance_drift = statistics_drift(was, now)
        row = {"block": name, "frozen": network.is_frozen(at), "relative_change": relative_change(was, now)}
        rows.append(row | {"cka": None, "mean_drift": mean_drift, "variance_drift": variance_drift})
    both = list(hashes.values()), list(new.values())
    return Compared(id, spec, network, model, (untrained, trained), both, rows, _n_equal(*both))


def _n_equal(first: Sequence[str], second: Sequence[str]) -> int:
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _fill(one: Compared, grams: Grams, places: Sequence[int], dataset: Dataset, chosen: np.ndarray) -> Iterator[float]:
    """Computes how alike any two pictures are to some blocks, by the weights that the network has.

    Yields:
        Which share was done since the last time, 0.0 while it waits; all add up to 1.
    """
    waiting = list(places)
    while waiting:
        sizes = [n_numbers(one.network, place) for place in waiting]
        n_fitting = max(1, int(np.searchsorted(np.cumsum(sizes) * len(chosen), MOST_NUMBERS, "right")))
        now, waiting = waiting[:n_fitting], waiting[n_fitting:]
        features = [np.empty((len(chosen), size), np.float32) for size in sizes[:n_fitting]]
        for n_new in _compute(features, responses(one.network, now), one.spec, dataset, chosen):
            yield n_new / len(chosen) * len(now) / len(places)
        for place in now:
            grams[place] = centred_gram(features.pop(0))
            yield 0.0


def _compute(
    features: Sequence[np.ndarray], model: keras.Model, spec: RunSpec, dataset: Dataset, chosen: np.ndarray
) -> Iterator[int]:
    """Fills in what a network makes of pictures; yields how many it has done since the last time."""
    extractor, n_done = Extractor([model], is_exact=False, n_threads=n_threads()), 0
    parts = [chosen[start : start + extractor.batch] for start in range(0, len(chosen), extractor.batch)]
    full = (np.resize(part, extractor.batch) for part in parts)  # of one size: another would be compiled anew
    with closing(extractor.run(batch(dataset, numbers, spec.image_size) for numbers in full)) as computed:
        for outputs in computed:
            if outputs is None:
                yield 0
                continue
            n_new = min(extractor.batch, len(chosen) - n_done)
            for rows, output in zip(features, outputs, strict=True):
                rows[n_done : n_done + n_new] = output[:n_new].reshape(n_new, -1)
            n_done += n_new
            yield n_new


def _lay_beside(first: Compared, other: Compared, *, is_like: bool) -> None:
    """Notes of each block of a run how like that of the first run it is; the heads are laid beside each other."""
    n_equal, heads = first.n_equal(other), (len(first.rows) - 1, len(other.rows) - 1)
    for at, row in enumerate(other.rows):
        mine = heads[0] if at == heads[1] else at
        is_there = is_like and (at == heads[1] or at < heads[0])
        is_same = mine == at < n_equal
        row["cka_with_first"] = None
        if is_there:
            row["cka_with_first"] = 1.0 if is_same else linear_cka(first.grams[1][mine], other.grams[1][at])


def _told(compared: Sequence[Compared], counts: Sequence[int]) -> dict:
    first, *others = compared
    more = [{"id": one.id, "n": n, "blocks": one.rows} for one, n in zip(others, counts[1:], strict=True)]
    return {"n": counts[0], "blocks": first.rows, "others": more}
