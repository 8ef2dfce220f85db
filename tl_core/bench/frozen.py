"""(a) An epoch of plain Keras ÷ an epoch of ours, for each cut: what caching, folding and compiled epochs save."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import MappingProxyType

from tl_core.bench.ours import OurTraining, picture_source, repeated_source
from tl_core.bench.pictures import photographs
from tl_core.bench.plain import PlainTraining, plain_model
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import CUTS, spec_of
from tl_core.bench.timing import ratio, side_by_side
from tl_core.datasets.arrays import Dataset
from tl_core.disk.home import data_home
from tl_core.engine.worker.device import release
from tl_core.models.build import build
from tl_core.spec import RunSpec

MEASURED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"mobilenet_v2": CUTS, "efficientnet_lite0": CUTS[:3], "squeezenet": CUTS[:2]}
)
FIGURES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("mobilenet_v2", "all"): 400,
        ("efficientnet_lite0", "all"): 400,
        ("resnet50", "all"): 1500,
        ("vgg16", "all"): 4000,
        ("mobilenet_v2", "last_block"): 8,
        ("mobilenet_v2", "last_two"): 5,
        ("mobilenet_v2", "none"): 1.5,
        ("mobilenet_v2", "scratch"): 1.5,
    }
)
PLAIN_S = 4.0  # of one measurement; slower networks are measured on fewer pictures
FEWEST_BATCHES = 3
CACHED_S, MOST_TIMES = 0.5, 9  # a cached epoch is over too soon to be measured once


def measure(settings: Settings) -> list[dict]:
    """Returns one ratio a cut and backbone."""
    dataset = photographs(settings, data_home())
    rows = []
    for backbone in settings.backbones:
        for cut in MEASURED.get(backbone, CUTS[:1]):
            rows.append(_compare(backbone, cut, dataset, settings))
            release(is_idle=True)
    return rows


def _compare(backbone: str, cut: str, dataset: Dataset, settings: Settings) -> dict:
    """Compares whole epochs with validation, or, where nothing is frozen, the steps alone."""
    spec = spec_of(backbone, cut, settings)
    n_classes, is_cached = len(dataset.info.classes), spec.n_frozen > 0
    network = build(spec, n_classes)
    plain, share = _plain(spec, dataset, settings, is_cached)
    with TemporaryDirectory() as folder:
        if is_cached:
            source = repeated_source(network, dataset, Path(folder))
        else:
            dataset, source = _few(dataset, share), picture_source(_few(dataset, share), spec)
        ours = OurTraining(network, source, dataset, spec)
        ours.epoch()  # compiles
        samples = side_by_side(
            {
                "plain": lambda: plain.epoch() / share,
                "ours": lambda: _cached_epoch_s(ours) if is_cached else ours.epoch().steps / share,
            },
            settings.repeat,
        )
    row = ratio(f"{backbone} {cut}", samples, at_least=FIGURES.get((backbone, cut)))
    facts = {"backbone": backbone, "cut": cut, "n_frozen": spec.n_frozen, "weights": spec.weights}
    facts |= {"n_images": settings.n_images, "n_validation": settings.n_validation if is_cached else 0}
    return row | facts | {"n_images_of_plain": round(settings.n_images * share), "arithmetic": spec.arithmetic}


def _cached_epoch_s(ours: OurTraining) -> float:
    """Returns the seconds of an epoch; the median of several where one is short."""
    seconds = [ours.epoch().whole]
    while sum(seconds) < CACHED_S and len(seconds) < MOST_TIMES:
        seconds.append(ours.epoch().whole)
    return median(seconds)


def _plain(spec: RunSpec, dataset: Dataset, settings: Settings, is_validated: bool) -> tuple[PlainTraining, float]:
    """Returns the plain training, warm, and the share of the pictures on which an epoch is measured."""
    n_validation = settings.n_validation if is_validated else 0
    model = plain_model(spec, len(dataset.info.classes))
    batch_s = PlainTraining(model, dataset, 2 * BATCH, 0).warm_up()
    n_batches = max(FEWEST_BATCHES, int(PLAIN_S / batch_s)) if not settings.is_quick else FEWEST_BATCHES
    n_images = min(settings.n_images, n_batches * BATCH)
    share = n_images / settings.n_images
    plain = PlainTraining(model, dataset, n_images, round(n_validation * share))
    plain.warm_up()
    return plain, share


def _few(dataset: Dataset, share: float) -> Dataset:
    """Returns a dataset with a share of the training pictures and one batch to validate on."""
    n_train = round(len(dataset.train) * share)
    return Dataset(
        dataset.info, dataset.pixels, dataset.labels, dataset.train[:n_train], dataset.validation[:BATCH], dataset.test
    )
