"""(c) The frozen prefix as Keras has it ÷ with its BatchNorm folded into the convolutions: forward passes alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import keras
import numpy as np

from tl_core.bench.pictures import photographs
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio, seconds, side_by_side
from tl_core.disk.home import data_home
from tl_core.engine.environment import n_threads
from tl_core.models.build import build
from tl_core.models.catalog import backbone_info
from tl_core.models.fold import folded
from tl_core.training.extraction import Extractor

N_BATCHES = 8
# their pass keeps a class waiting: measured also at the sizes that the lab offers to make it shorter
SMALLER: Mapping[str, tuple[int, ...]] = MappingProxyType({"vgg16": (32, 64, 96), "resnet50": (32, 64, 96)})
SLOW_BATCHES: Mapping[str, int] = MappingProxyType({"vgg16": 2, "resnet50": 4})


def measure(settings: Settings) -> list[dict]:
    """Returns two ratios a backbone: the folded prefix batch by batch, and as the cache extracts, side by side.

    Of one without BatchNorm there is nothing to fold, so only the second; of the large ones all that at more sizes.
    """
    rows = []
    for backbone in settings.backbones:
        for size in _sizes(backbone, settings):
            n_pictures = SLOW_BATCHES.get(backbone, N_BATCHES) * BATCH
            rows += _compare(backbone, replace(settings, image_size=size, n_images=n_pictures))
    return rows


def _sizes(backbone: str, settings: Settings) -> list[int]:
    smaller = () if settings.is_quick else SMALLER.get(backbone, ())
    return sorted({*(size for size in smaller if size < settings.image_size), settings.image_size})


def _compare(backbone: str, settings: Settings) -> list[dict]:
    pixels = np.asarray(photographs(settings, data_home()).pixels)[: settings.n_images]
    prefix = build(spec_of(backbone, "all", settings).with_changes(arithmetic="exact"), 2).prefix
    assert prefix is not None  # all blocks are frozen
    calls = {"unfolded": _batch_by_batch(prefix, pixels)}
    if backbone_info(backbone).has_batchnorm:
        calls["folded"] = _batch_by_batch(folded(prefix), pixels)
    calls["extracted"] = _side_by_side(Extractor([prefix], is_exact=False, n_threads=n_threads()), pixels)
    samples = side_by_side(calls, settings.repeat)
    facts = {"backbone": backbone, "n_images": len(pixels), "batch": BATCH, "image_size": settings.image_size}
    return [
        ratio(_name(backbone, name, settings), {"unfolded": samples["unfolded"], name: samples[name]}) | facts
        for name in list(calls)[1:]
    ]


def _name(backbone: str, name: str, settings: Settings) -> str:
    return f"{backbone} {name} {settings.image_size} px" if backbone in SMALLER else f"{backbone} {name}"


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
