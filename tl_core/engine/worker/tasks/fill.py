"""The features that the trials of a sweep will read, at all cuts of a network in one pass over the pictures."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from tl_core.datasets.arrays import Dataset, select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.train import make_inputs, mapped_dataset
from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.events import Phase
from tl_core.training.inputs import Inputs, fill


def run(kept: Kept, *, specs: Sequence[Mapping]) -> Generator[Progress | None, None, dict]:
    """Computes features; what is on disk already is not computed again.

    Args:
        kept: What the worker keeps.
        specs: Of runs that train only a head, in plain form; the features of the first are computed first.

    Yields:
        None where it makes way for others, and pictures done.

    Returns:
        {"n"}, the networks: cuts of the same one count as one.

    Raises:
        UnknownIdError: The data are gone.
        UnavailableError: Weights are neither here nor to be fetched.
        StoreError: "disk_full".

    Thread: worker.
    """
    networks: dict[tuple, list[RunSpec]] = {}
    for spec in map(RunSpec.from_dict, specs):
        networks.setdefault(_network_of(spec), []).append(spec)
    for at, sharing in enumerate(networks.values()):
        for event in fill((yield from _cuts(kept, sharing))):
            if isinstance(event, Phase):
                yield Progress(at * event.total + event.done, len(networks) * event.total)
    return {"n": len(networks)}


def _network_of(spec: RunSpec) -> tuple:
    """Returns what is equal for runs whose frozen layers are cuts of one network, and that share pictures."""
    return spec.dataset, spec.start, spec.image_size, spec.arithmetic, spec.fault


def _cuts(kept: Kept, specs: Sequence[RunSpec]) -> Generator[None, None, list[Inputs]]:
    """Returns what the runs are fed, once for each cut, with the training pictures of all."""
    dataset = mapped_dataset(specs[0], kept.warm, kept.home)
    yield None
    backbone, n_classes = kept.warm.backbone(specs[0]), len(dataset.info.classes)
    cuts: dict[tuple, list[RunSpec]] = {}
    for spec in specs:
        cuts.setdefault((spec.head_at, spec.n_frozen, spec.augment), []).append(spec)
    found = []
    for sharing in cuts.values():
        yield None
        network = build(sharing[0], n_classes, backbone=backbone)
        found.append(make_inputs(sharing[0], network, dataset, _trained_on(dataset, sharing), kept.home))
    return found


def _trained_on(dataset: Dataset, specs: Sequence[RunSpec]) -> np.ndarray:
    """Returns the numbers of the pictures that any of some runs is trained on, int (n,), ascending."""
    choices = {(spec.per_class, spec.seed if spec.per_class is not None else 0) for spec in specs}
    return np.unique(np.concatenate([select_per_class(dataset.labels, dataset.train, *choice) for choice in choices]))
