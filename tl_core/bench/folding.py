"""(c) The frozen prefix as Keras has it ÷ with its BatchNorm folded into the convolutions: forward passes alone."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from tl_core.bench.pictures import photographs
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio, seconds, side_by_side
from tl_core.disk.home import data_home
from tl_core.engine.environment import n_threads
from tl_core.models.build import build
from tl_core.models.fold import folded
from tl_core.training.extraction import Extractor

N_BATCHES = 8
WITHOUT_BATCHNORM = ("vgg16", "squeezenet")  # measured only where nothing else is


def measure(settings: Settings) -> list[dict]:
    """Returns two ratios a backbone: the folded prefix batch by batch, and as the cache extracts, side by side."""
    pixels = np.asarray(photographs(settings, data_home()).pixels)[: N_BATCHES * BATCH]
    backbones = [backbone for backbone in settings.backbones if backbone not in WITHOUT_BATCHNORM]
    return [row for backbone in backbones or settings.backbones for row in _compare(backbone, pixels, settings)]


def _compare(backbone: str, pixels: np.ndarray, settings: Settings) -> list[dict]:
    prefix = build(spec_of(backbone, "all", settings).with_changes(arithmetic="exact"), 2).prefix
    assert prefix is not None  # all blocks are frozen
    calls = {
        "unfolded": _batch_by_batch(prefix, pixels),
        "folded": _batch_by_batch(folded(prefix), pixels),
        "extracted": _side_by_side(Extractor([prefix], is_exact=False, n_threads=n_threads()), pixels),
    }
    samples = side_by_side(calls, settings.repeat)
    facts = {"backbone": backbone, "n_images": len(pixels), "batch": BATCH}
    return [
        ratio(f"{backbone} {name}", {"unfolded": samples["unfolded"], name: samples[name]}) | facts
        for name in ("folded", "extracted")
    ]


def _batch_by_batch(prefix: keras.Model, pixels: np.ndarray) -> Callable[[], float]:
    """Returns a function that takes all pictures through a prefix, compiled by then, and returns the seconds."""

    def once() -> None:
        for images in _batches(pixels, BATCH):
            prefix.predict_on_batch(images)

    once()
    return lambda: seconds(once)


def _side_by_side(extractor: Extractor, pixels: np.ndarray) -> Callable[[], float]:
    def once() -> None:
        for _ in extractor.run(_batches(pixels, extractor.batch)):
            continue

    once()
    return lambda: seconds(once)


def _batches(pixels: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (pixels[start : start + size] for start in range(0, len(pixels) - size + 1, size))
