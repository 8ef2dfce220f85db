"""What a worker keeps from one run to the next, so that the second click is answered at once."""

from collections.abc import Callable
from pathlib import Path

from tl_core.datasets.arrays import Dataset, load_dataset
from tl_core.models.build import Backbone, Network, build, make_backbone
from tl_core.planning.plan import is_head_only
from tl_core.spec import RunSpec

OnProgress = Callable[[int, int | None], None]


class WarmCache:
    """Keeps the data set that was used last, and the last backbone of which no run can change anything.

    A backbone whose blocks are all frozen is the same after a training as before: the proof of each run shows it. Runs
    that share it, one after the other or in turns, each have a head of their own.

    Thread: worker.
    """

    def __init__(self) -> None:
        self._dataset: tuple[tuple[str, Path], Dataset] | None = None
        self._backbone: tuple[tuple, Backbone] | None = None

    def dataset(self, id: str, home: Path, *, on_progress: OnProgress | None = None) -> Dataset:
        """Returns a data set, as `load_dataset` does."""
        if self._dataset is None or self._dataset[0] != (id, home):
            self._dataset = None  # never two at once
            self._dataset = (id, home), load_dataset(id, home, on_progress=on_progress)
        return self._dataset[1]

    def network(self, spec: RunSpec, n_classes: int, *, on_progress: OnProgress | None = None) -> Network:
        """Returns the network of a spec, as `build` does."""
        return build(spec, n_classes, backbone=self.backbone(spec, on_progress=on_progress))

    def backbone(self, spec: RunSpec, *, on_progress: OnProgress | None = None) -> Backbone:
        """Returns the backbone of a spec, as `make_backbone` does; one that no run can change, from before."""
        is_fixed = is_head_only(spec) and spec.batchnorm != "updating"
        if spec.weights != "pretrained" or not is_fixed:
            return make_backbone(spec, on_progress=on_progress)
        key = spec.backbone, spec.image_size, spec.arithmetic, spec.fault
        if self._backbone is None or self._backbone[0] != key:
            self._backbone = key, make_backbone(spec, on_progress=on_progress)
        return self._backbone[1]
