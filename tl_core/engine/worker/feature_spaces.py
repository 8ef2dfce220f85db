"""The feature spaces of runs side by side: the same test pictures in each network as it came and as it was trained."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tl_core.datasets.arrays import Dataset
from tl_core.engine.worker.block_features import (
    Counted,
    When,
    check_block,
    features,
    is_same,
    network_of,
    pictures_of,
)
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks import outputs
from tl_core.errors import InputError
from tl_core.evaluation.insight.feature_space import (
    FeatureChoice,
    Purity,
    check_number,
    chosen_pictures,
    directions,
    matched,
    purity,
)
from tl_core.evaluation.insight.outputs import load_outputs
from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec

DIGITS = 4  # of a coordinate; what a screen shows, and a third of the bytes


@dataclass(frozen=True)
class Space:
    """One network and where it puts the pictures.

    Attributes:
        runs: Places of the runs that it belongs to, among those that are asked.
        when: "before": as it came; "after": as it was trained; "both": training left it as it came.
        weights: How it came: `RunSpec.started_as`.
        rows: Directions of its features, float32 (n, C).
    """

    runs: tuple[int, ...]
    when: When
    weights: str
    rows: np.ndarray


@dataclass(frozen=True)
class Spaces:
    """All of them, and the pictures.

    Attributes:
        spaces: As it came before as it was trained, run after run.
        places: int (n,), of the pictures among the test pictures.
        labels: int (n,), their classes.
        classes: Names of the classes.
        right: For each run whether it classified each picture rightly: bool (n,).
        choice: What was chosen.
    """

    spaces: tuple[Space, ...]
    places: np.ndarray
    labels: np.ndarray
    classes: Sequence[str]
    right: tuple[np.ndarray, ...]
    choice: FeatureChoice

    def answer(self, points: Sequence[np.ndarray], **more: Sequence) -> dict:
        """Returns what is known of the spaces.

        Args:
            points: Where each space has its pictures, float (n, 2); they are turned to lie alike.
            **more: Further values of each space.
        """
        turned, differs = matched(points)
        rows = []
        for at, space in enumerate(self.spaces):
            pure = self.purities[at]
            rows.append(
                {
                    "runs": list(space.runs),
                    "when": space.when,
                    "weights": space.weights,
                    "points": np.round(turned[at], DIGITS).tolist(),
                    "disparity": differs[at],
                    "n_channels": int(space.rows.shape[1]),
                    "purity": pure.share,
                    "low": pure.low,
                    "high": pure.high,
                    "chance": pure.chance,
                    "of_class": list(pure.of_class),
                    **{name: values[at] for name, values in more.items()},
                }
            )
        return {
            "spaces": rows,
            "images": self.places.tolist(),
            "labels": self.labels.tolist(),
            "classes": list(self.classes),
            "right": [one.astype(int).tolist() for one in self.right],
            "n": len(self.places),
        }

    @cached_property
    def purities(self) -> tuple[Purity, ...]:
        """Of each space."""
        n_classes = len(self.classes)
        return tuple(purity(space.rows, self.labels, self.choice.k, n_classes) for space in self.spaces)


def gathered(kept: Kept, runs: Sequence[Mapping], choice: FeatureChoice) -> Generator[Progress, None, Spaces]:
    """Computes the features of test pictures in all networks of some runs.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each, all of one data set.
        choice: What to look at.

    Yields:
        Pictures done, of all networks.

    Raises:
        InputError: "insight_other_data": the runs are of different data sets; "too_few_pictures".
        SpecError: "spec_range": a network has fewer blocks.
        StoreError: As `features`.
    """
    specs = [RunSpec.from_dict(run["spec"]) for run in runs]
    if len({spec.dataset for spec in specs}) > 1:
        raise InputError("insight_other_data", received=sorted({spec.dataset for spec in specs}))
    for spec in specs:
        check_block(choice.block, spec.head_at or backbone_info(spec.backbone).n_blocks)
    dataset = kept.warm.dataset(specs[0].dataset, kept.home)
    places = chosen_pictures(dataset.labels[dataset.test], choice.n, "features")
    check_number(len(places))
    right = yield from _right(kept, runs, places)
    wanted = _wanted(specs, choice.block)
    counted = Counted(len(places) * len(wanted))
    spaces = []
    for at, when, sharing in wanted:
        found = yield from _rows(kept, runs[at]["id"], specs[at], choice.block, when, dataset, places, counted)
        spaces.append(Space(sharing, when, specs[at].started_as, found))
    return Spaces(tuple(spaces), places, dataset.labels[dataset.test][places], dataset.info.classes, right, choice)


def _right(kept: Kept, runs: Sequence[Mapping], places: np.ndarray) -> Generator[Progress, None, tuple]:
    """Returns which pictures each run classified rightly; of older runs, that is computed now and kept."""
    found = []
    for run in runs:
        folder = kept.home / "runs" / run["id"]
        said = load_outputs(folder)
        if said is None:
            yield from outputs.run(kept, runs=[run], parameters={})
            said = load_outputs(folder)
        assert said is not None  # just written
        found.append(said.test.is_right[places])
    return tuple(found)


def _wanted(specs: Sequence[RunSpec], block: int | None) -> list[tuple[int, When, tuple[int, ...]]]:
    """Returns (run, when, runs that share it) for each network that differs from the others."""
    starts: dict[tuple, list[int]] = {}
    wanted: list[tuple[int, When, tuple[int, ...]]] = []
    for at, spec in enumerate(specs):
        starts.setdefault((spec.start, spec.image_size, spec.head_at, spec.fault), []).append(at)
    for sharing in starts.values():
        moved = [at for at in sharing if not _is_as_it_came(specs[at], block)]
        wanted.append((sharing[0], "before" if moved else "both", tuple(sharing)))
        wanted.extend((at, "after", (at,)) for at in moved)
    return wanted


def _is_as_it_came(spec: RunSpec, block: int | None) -> bool:
    return is_same(spec, block, spec.head_at or backbone_info(spec.backbone).n_blocks)


def _rows(
    kept: Kept,
    run_id: str,
    spec: RunSpec,
    block: int | None,
    when: When,
    dataset: Dataset,
    places: np.ndarray,
    counted: Counted,
) -> Generator[Progress, None, np.ndarray]:
    start: When = "after" if when == "after" else "before"
    model = network_of(kept, run_id, spec, len(dataset.info.classes), block, start)
    chosen = dataset.test[places]
    pictures = pictures_of(dataset, spec.image_size)
    return directions((yield from features(kept, model, spec, dataset.info, pictures, chosen, counted)))
