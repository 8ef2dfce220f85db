"""What a worker keeps from one run to the next, so that the second click is answered at once."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from tl_core.datasets.arrays import Dataset, load_dataset
from tl_core.models.build import Backbone, Network, build, make_backbone
from tl_core.models.trained import source_of
from tl_core.planning.plan import is_head_only
from tl_core.spec import RunSpec

MOST_NETWORKS = 24  # as many as a backbone has blocks, so that a sweep over its depth comes by again
MOST_HEAD_NUMBERS = 2_000_000  # with the optimiser's, 24 MB

OnProgress = Callable[[int, int | None], None]


class WarmCache:
    """Keeps the data set that was used last, and the last backbone of which no run can change anything.

    A backbone whose blocks are all frozen is the same after a training as before: the proof of each run shows it. Runs
    that share it in turns each have a head of their own; one that comes later takes over the head of an equal one that
    has ended, with what was compiled for it: to compile takes longer than to train it. What it trains is the same to
    the last bit.

    Thread: worker.
    """

    def __init__(self) -> None:
        self._dataset: tuple[tuple[str, Path], Dataset] | None = None
        self._backbone: tuple[tuple, Backbone] | None = None
        self._networks: OrderedDict[RunSpec, Network] = OrderedDict()  # of this backbone, in nobody's hands
        self._has_taken_back = False

    def dataset(self, id: str, home: Path, *, on_progress: OnProgress | None = None) -> Dataset:
        """Returns a data set, as `load_dataset` does."""
        if self._dataset is None or self._dataset[0] != (id, home):
            self._dataset = None  # never two at once
            self._dataset = (id, home), load_dataset(id, home, on_progress=on_progress)
        return self._dataset[1]

    def network(
        self, spec: RunSpec, n_classes: int, *, folder: Path | None = None, on_progress: OnProgress | None = None
    ) -> Network:
        """Returns the network of a spec, as `build` does; it is its caller's alone.

        Args:
            spec: What to build.
            n_classes: Classes to tell apart.
            folder: The run's own, where the source is that it started from, if it has one.
            on_progress: As `make_backbone`.
        """
        source = source_of(folder, spec)
        if source is not None:
            return build(spec, n_classes, backbone=make_backbone(spec, source=source))
        backbone = self.backbone(spec, on_progress=on_progress)
        network = self._networks.pop(_alike(spec), None)
        if network is None or network.full.output_shape[-1] != n_classes:
            return build(spec, n_classes, backbone=backbone)
        network.restart_head(spec)
        return network

    def give_back(self, spec: RunSpec, network: Network) -> None:
        """Takes a network from `network` whose run has completed, for another that needs an equal one."""
        head = sum(layer.count_params() for layer in network.head_layers)
        is_of_backbone = self._backbone is not None and self._backbone[1].blocks[0] is network.blocks[0]
        if not (is_of_backbone and head <= MOST_HEAD_NUMBERS):
            return
        self._networks[_alike(spec)], self._has_taken_back = network, True
        while len(self._networks) > MOST_NETWORKS:
            self._networks.popitem(last=False)

    def has_taken_back(self) -> bool:
        """Says, once, whether a network was given back since this was asked last: then its run leaves none behind."""
        was, self._has_taken_back = self._has_taken_back, False
        return was

    def backbone(self, spec: RunSpec, *, on_progress: OnProgress | None = None) -> Backbone:
        """Returns the backbone of a spec, as `make_backbone` does; one that no run can change, from before."""
        is_fixed = is_head_only(spec) and spec.batchnorm != "updating" and spec.fault != "never-frozen"
        if spec.started_as != "pretrained" or not is_fixed:
            return make_backbone(spec, on_progress=on_progress)
        key = spec.backbone, spec.image_size, spec.arithmetic, spec.fault
        if self._backbone is None or self._backbone[0] != key:
            self._networks.clear()
            self._backbone = key, make_backbone(spec, on_progress=on_progress)
        return self._backbone[1]


def _alike(spec: RunSpec) -> RunSpec:
    """Returns the one spec of all whose networks differ in nothing but the initial weights of their heads."""
    return spec.with_changes(seed=0, epochs=1, patience=0, per_class=None, learning_rate=1.0).canonical()
