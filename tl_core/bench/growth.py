"""(h) What a head-only run costs with more and more pictures: the caching pass and ten epochs, from nothing."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from tl_core.bench.ours import OurTraining, fast_cache, prepare_source, warm_up
from tl_core.bench.pictures import photographs
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import side_by_side, value
from tl_core.datasets.arrays import Dataset
from tl_core.disk.home import data_home
from tl_core.models.build import Network, build
from tl_core.spec import RunSpec
from tl_core.training.feature_cache import FeatureCache

SIZES = (500, 1000, 2000, 4000)
QUICK_SIZES = (32, 64)
N_EPOCHS = 10
FIGURE = 1.05


def measure(settings: Settings) -> list[dict]:
    """Returns the exponent e of cost ~ n^e, with the seconds for each number of pictures.

    What does not depend on the pictures (building, folding, compiling) is left out: it makes every cost look flatter.
    """
    sizes = QUICK_SIZES if settings.is_quick else SIZES
    whole = photographs(replace(settings, n_images=max(sizes)), data_home())
    spec = spec_of(settings.backbones[0], "all", settings)
    network = build(spec, len(whole.info.classes))
    with TemporaryDirectory() as folder:
        cache = fast_cache(Path(folder))
        warm_up(cache, network, whole)
        calls = {str(size): partial(_cost, network, _first(whole, size), spec, cache) for size in sizes}
        samples = side_by_side(calls, min(settings.repeat, 3))
    costs = {int(size): median(values) for size, values in samples.items()}
    row = value("growth exponent", exponent(list(costs), list(costs.values())), "", at_most=FIGURE)
    return [row | {"backbone": spec.backbone, "n_epochs": N_EPOCHS, "samples": samples}]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Returns the slope of the straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def _first(dataset: Dataset, n_images: int) -> Dataset:
    n_validation = max(BATCH, n_images // 4)
    return replace(dataset, train=dataset.train[:n_images], validation=dataset.validation[:n_validation])


def _cost(network: Network, dataset: Dataset, spec: RunSpec, cache: FeatureCache) -> float:
    """Returns the seconds of the caching pass and all epochs."""
    for file in cache.folder.glob("*.npy"):
        file.unlink()
    began_s = time.perf_counter()
    source = prepare_source(network, dataset, spec, cache)
    pass_s = time.perf_counter() - began_s
    ours = OurTraining(network, source, dataset, spec)
    return pass_s + sum(ours.epoch().whole for _ in range(N_EPOCHS))
