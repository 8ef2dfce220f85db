"""Short tasks that a page waits for: classify pictures, ask a backbone what it already knows, measure this machine."""

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tl_core.datasets.arrays import load_dataset
from tl_core.datasets.images import fit_image
from tl_core.evaluation.scores import softmax
from tl_core.models.build import build
from tl_core.models.catalog import backbone_info
from tl_core.models.networks import network
from tl_core.models.trained import WEIGHTS_FILE, load_trained
from tl_core.models.weights import load_pretrained
from tl_core.spec import RunSpec
from tl_core.training.trainer import Trainer

KEPT_MODELS = 4
MEASURED_BATCH = 32


class Models:
    """The networks that were used last, so that the next picture is classified at once.

    Thread: worker.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._kept: OrderedDict[str, tuple] = OrderedDict()

    def trained(self, run_id: str):
        """Returns (model: uint8 pictures → logits, image size in px) of a finished run.

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
        return self._keep(f"backbone:{backbone_id}", lambda: self._load_backbone(backbone_id))

    def clear(self) -> None:
        """Forgets all networks; the next picture waits for its network to be built."""
        self._kept.clear()

    def _keep(self, name: str, load):
        if name not in self._kept:
            self._kept[name] = load()
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT_MODELS:
            self._kept.popitem(last=False)
        return self._kept[name]

    def _load_run(self, run_id: str):
        trained, spec = load_trained(self._home / "runs" / run_id)
        return trained.full, spec.image_size

    def _load_backbone(self, backbone_id: str):
        model = network(backbone_info(backbone_id).id, 224, top=True)
        load_pretrained(model, backbone_id)
        model.compile(jit_compile=False)
        return model, 224


def classify(models: Models, subject: str, images: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Classifies pictures.

    Args:
        models: Where networks come from.
        subject: A run's id, or "backbone:<id>" for an untouched backbone and its 1,000 ImageNet classes.
        images: uint8 (H, W, 3) each, of any size, as `decode_image` returns them.

    Yields:
        None after each picture.

    Returns:
        float (n, classes), probabilities.
    """
    is_backbone = subject.startswith("backbone:")
    model, size = models.untouched(subject.partition(":")[2]) if is_backbone else models.trained(subject)
    rows = []
    for image in images:
        fitted = fit_image(image, size)
        # two copies: a batch of one takes another path through the kernels, with other last digits
        output = np.asarray(model.predict_on_batch(np.stack([fitted, fitted])))[:1]
        rows.append(output if is_backbone else softmax(output))
        yield None
    return np.concatenate(rows)


def measure(spec: RunSpec, home: Path) -> Iterator[dict]:
    """Measures what a run costs on this machine: the prefix's pass over one batch, then one step of the suffix.

    The step runs without compiling, so that the answer comes at once; a finished epoch of the same kind is exacter and
    replaces it.

    Returns:
        {"prefix_s", "step_s", "batch_size"}: seconds for one picture through the prefix, and for one step.
    """
    dataset = load_dataset(spec.dataset, home)
    spec = spec.with_changes(weights="random", batch_size=min(spec.batch_size, MEASURED_BATCH))
    built = build(spec, len(dataset.info.classes))
    yield None
    images = np.zeros((MEASURED_BATCH, spec.image_size, spec.image_size, 3), np.uint8)
    prefix_s, inputs = 0.0, images[: spec.batch_size]
    if built.prefix is not None:
        built.prefix.predict_on_batch(images)  # compiles
        yield None
        started = time.monotonic()
        inputs = built.prefix.predict_on_batch(images)[: spec.batch_size]
        prefix_s = (time.monotonic() - started) / MEASURED_BATCH
        yield None
    model = built.suffix if spec.use_cache and spec.augment == "none" else built.full
    inputs = inputs if model is built.suffix else images[: spec.batch_size]
    Trainer(model, None, dataset.labels, dataset.train, dataset.validation, spec, None)
    model.run_eagerly = True
    labels = np.zeros(len(inputs), np.int64)
    model.train_on_batch(inputs, labels)  # the first one sets kernels up
    yield None
    started = time.monotonic()
    model.train_on_batch(inputs, labels)
    return {"prefix_s": prefix_s, "step_s": time.monotonic() - started, "batch_size": spec.batch_size}
