"""From when on a run calls a picture unlike anything it has seen, how often it errs, and whether it can tell at all."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tl_core.datasets.arrays import Dataset, select_per_class
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.contents import contents
from tl_core.datasets.images.decode import fit_image
from tl_core.datasets.own.splits import SPLITS
from tl_core.engine.worker.block_features import Counted, Pictures, features, pictures_of
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import InputError
from tl_core.evaluation.insight.feature_space import chosen_pictures, directions
from tl_core.evaluation.insight.unlike import (
    LEAST_AUROC,
    LEAST_VALIDATION,
    NoveltyChoice,
    auroc,
    kth,
    threshold,
    unseen_classes,
)
from tl_core.evaluation.scores import wilson_interval
from tl_core.spec import RunSpec

MOST_KNOWN = 2_000  # training pictures; Sun et al. lose little with a hundredth of theirs
MOST_OTHERS = 500  # validation pictures, and as many test pictures
N_FOREIGN = 100  # pictures of each other data set
SHOWN = 6  # digits of a distance


def known_pictures(dataset: Dataset, spec: RunSpec) -> np.ndarray:
    """Returns the numbers of the training pictures that others are measured against: int64 (n,), ascending."""
    train = select_per_class(dataset.labels, dataset.train, spec.per_class, spec.seed)
    return train[chosen_pictures(dataset.labels[train], MOST_KNOWN, "known")]


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Sets the threshold of a run and measures what it is worth.

    Args:
        kept: What the worker keeps.
        runs: One, {"id", "spec"}.
        parameters: Of `NoveltyChoice`.

    Yields:
        Pictures done.

    Returns:
        {"threshold", "can_tell", "error_rate", "low", "high": of test pictures that are called unlike anything seen,
        "n_train", "n_validation", "n_test", "validation": their distances, ascending, "foreign": [{"dataset", "n",
        "auroc", "low", "high"}…], "near": mean AUROC of classes that are left out, "near_low", "near_high": the least
        and the highest of them, "n_near"}. "near" and its ends are None where there is only one class.

    Raises:
        InputError: "too_few_to_calibrate".
        StoreError: As `features`.
    """
    (asked,) = runs
    spec, choice = RunSpec.from_dict(asked["spec"]), NoveltyChoice.from_dict(parameters)
    dataset = kept.warm.dataset(spec.dataset, kept.home)
    own = [known_pictures(dataset, spec)]
    for split in ("validation", "test"):
        numbers = getattr(dataset, split)
        own.append(numbers[chosen_pictures(dataset.labels[numbers], MOST_OTHERS, split)])
    if len(own[1]) < LEAST_VALIDATION:
        raise InputError("too_few_to_calibrate", received=len(own[1]), least=LEAST_VALIDATION)
    foreign = list(_foreign(dataset.info, kept.home, spec.image_size))
    model = kept.models.loaded(asked["id"]).pooled
    counted = Counted(sum(map(len, own)) + sum(len(numbers) for _, _, numbers in foreign))
    rows = []
    for numbers in own:
        shown = pictures_of(dataset, spec.image_size)
        rows.append(directions((yield from features(kept, model, spec, dataset.info, shown, numbers, counted))))
    apart = [_apart(part, rows[0]) for part in rows[1:]]
    validation, test = (kth(part, choice.k) for part in apart)
    others = []
    for info, pictures, numbers in foreign:
        found = directions((yield from features(kept, model, spec, info, pictures, numbers, counted)))
        told = auroc(kth(_apart(found, rows[0]), choice.k), test)
        others.append({"dataset": info.id, "n": len(numbers), "auroc": told.value, "low": told.low, "high": told.high})
    labels = dataset.labels
    near = list(unseen_classes(apart[1], labels[own[2]], labels[own[0]], choice.k).values())
    limit = threshold(validation, choice.share)
    n_wrong = int((test > limit).sum())
    low, high = wilson_interval(n_wrong, len(test))
    return {
        "threshold": limit,
        "can_tell": all(other["low"] >= LEAST_AUROC for other in others),
        "error_rate": n_wrong / len(test),
        "low": low,
        "high": high,
        "n_train": len(own[0]),
        "n_validation": len(own[1]),
        "n_test": len(own[2]),
        "near": float(np.mean(near)) if near else None,
        "near_low": min(near, default=None),
        "near_high": max(near, default=None),
        "n_near": len(near),
        "foreign": others,
        "validation": np.round(np.sort(validation), SHOWN).tolist(),
    }


def _apart(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns cosine distances: float32 (n, m)."""
    return 1 - rows @ known.T


def _foreign(own: DatasetInfo, home: Path, size: int) -> Iterator[tuple[DatasetInfo, Pictures, np.ndarray]]:
    """Returns the bundled data sets of other origin than a run's own, what gives their pictures, and which to take."""
    seen = {own.source}
    for info in DATASETS.values():
        if info.origin == "bundled" and info.source not in seen:
            seen.add(info.source)
            found = contents(info.id, home)
            assert found is not None  # it is bundled
            test = found.places(split=SPLITS.index("test"))
            yield info, _shown(found.pictures, size), test[chosen_pictures(found.labels[test], N_FOREIGN, "foreign")]


def _shown(pictures: Sequence[np.ndarray], size: int) -> Pictures:
    return lambda numbers: np.stack([fit_image(pictures[int(at)], size) for at in numbers])
