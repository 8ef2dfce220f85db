"""Networks that classify pictures, kept in memory."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from tl_core.evaluation.explain.explained import Explained
from tl_core.models import networks
from tl_core.models.build import Network
from tl_core.models.catalog import backbone_info
from tl_core.models.pooled import pooled
from tl_core.models.trained import WEIGHTS_FILE, load_trained
from tl_core.models.weights import load_pretrained
from tl_core.spec import RunSpec

KEPT_MODELS = 4
IMAGENET_PX = 224


@dataclass(frozen=True)
class Loaded:
    """A finished run's network as it was trained, and the run's spec."""

    network: Network
    spec: RunSpec

    @cached_property
    def pooled(self) -> keras.Model:
        """From pictures to the features that the head is fed."""
        return pooled(self.network)

    @cached_property
    def explained(self) -> Explained:
        """The network with what explains its answers."""
        return Explained(self.network.full, self.network.blocks)


@dataclass(frozen=True)
class Untouched:
    """A backbone as it was pretrained: uint8 pictures → ImageNet probabilities."""

    model: keras.Model

    @cached_property
    def explained(self) -> Explained:
        """The network with what explains its answers."""
        return Explained(self.model, None)


class ModelCache:
    """The networks that were used last, so that the next picture is classified at once.

    An LRU cache: the network that was not used for longest is evicted first, with all that was built around it.

    Thread: worker.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def trained(self, run_id: str):
        """Returns (model: uint8 pictures → logits, image size in px) of a finished run.

        Raises:
            StoreError: "file_damaged" when the run left no weights.
        """
        kept = self.loaded(run_id)
        return kept.network.full, kept.spec.image_size

    def loaded(self, run_id: str) -> Loaded:
        """Returns a finished run's network.

        Raises:
            StoreError: "file_damaged" when the run left no weights.
        """
        file = self._home / "runs" / run_id / WEIGHTS_FILE
        written = file.stat().st_mtime_ns if file.exists() else None  # a resumed run writes its weights again
        return self._keep(f"run:{run_id}:{written}", lambda: self._load_run(run_id))

    def untouched(self, backbone_id: str):
        """Returns (model: uint8 pictures → ImageNet probabilities, image size) of a backbone as it was pretrained.

        Raises:
            UnavailableError: Its weights are not here and could not be fetched.
        """
        return self._untouched(backbone_id).model, IMAGENET_PX

    def explained(self, subject: str) -> tuple[Explained, int]:
        """Returns a network with what explains its answers, and its image size.

        Args:
            subject: A run's id, or "backbone:<id>".

        Raises:
            StoreError, UnavailableError: As `trained` and `untouched`.
        """
        if subject.startswith("backbone:"):
            return self._untouched(subject.partition(":")[2]).explained, IMAGENET_PX
        kept = self.loaded(subject)
        return kept.explained, kept.spec.image_size

    def clear(self) -> None:
        """Forgets all networks; the next picture waits for its network to be built."""
        self._kept.clear()

    def _untouched(self, backbone_id: str) -> Untouched:
        return self._keep(f"backbone:{backbone_id}", lambda: self._load_backbone(backbone_id))

    def _keep(self, name: str, load) -> Any:
        if name not in self._kept:
            self._kept[name] = load()
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT_MODELS:
            self._kept.popitem(last=False)
        return self._kept[name]

    def _load_run(self, run_id: str) -> Loaded:
        return Loaded(*load_trained(self._home / "runs" / run_id))

    def _load_backbone(self, backbone_id: str) -> Untouched:
        model = networks.network(backbone_info(backbone_id).id, IMAGENET_PX, top=True)
        load_pretrained(model, backbone_id)
        model.compile(jit_compile=False)  # pyright: ignore[reportArgumentType]
        return Untouched(model)
