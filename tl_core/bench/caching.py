"""(b) The caching pass ÷ an epoch of plain Keras, all blocks frozen, and when the pass has paid for itself."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tl_core.bench.ours import OurTraining, fast_cache, prepare_source, warm_up
from tl_core.bench.pictures import photographs
from tl_core.bench.plain import PlainTraining, plain_model
from tl_core.bench.settings import Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio, seconds, side_by_side, value
from tl_core.datasets.arrays import Dataset
from tl_core.disk.home import data_home
from tl_core.models.build import Network, build
from tl_core.spec import RunSpec
from tl_core.training.feature_cache import FeatureCache

FIGURE, BREAK_EVEN = 0.6, 1.0
BACKBONES = ("mobilenet_v2", "efficientnet_lite0", "squeezenet")
CACHED_EPOCHS = 5


def measure(settings: Settings) -> list[dict]:
    """Returns the ratio of the pass and the epochs until break-even, for each backbone that is not too slow."""
    dataset = photographs(settings, data_home())
    return [
        row for backbone in settings.backbones if backbone in BACKBONES for row in _compare(backbone, dataset, settings)
    ]


def _compare(backbone: str, dataset: Dataset, settings: Settings) -> list[dict]:
    """Compares both once they are compiled; what compiling adds to the first of each is told beside it."""
    spec, n_classes = spec_of(backbone, "all", settings), len(dataset.info.classes)
    network = build(spec, n_classes)
    plain = PlainTraining(plain_model(spec, n_classes), dataset, settings.n_images, settings.n_validation)
    with TemporaryDirectory() as folder:
        cache = fast_cache(Path(folder))
        compiling = {"pass": seconds(lambda: warm_up(cache, network, dataset)), "plain": seconds(plain.warm_up)}
        samples = side_by_side(
            {"pass": lambda: _pass(network, dataset, spec, cache), "plain": plain.epoch}, settings.repeat
        )
        cached_s = _cached_epoch_s(network, dataset, spec, cache)
    facts = {"backbone": backbone, "n_images": settings.n_images, "n_validation": settings.n_validation}
    row = ratio(f"{backbone} pass", samples, at_most=FIGURE) | {"compiling_s": compiling} | facts
    # after e epochs: pass + e · cached = e · plain
    epochs = median(samples["pass"]) / (median(samples["plain"]) - cached_s)
    even = value(f"{backbone} break-even", epochs, "epochs", at_most=BREAK_EVEN)
    return [row, even | facts | {"seconds": row["seconds"] | {"cached": cached_s}}]


def _pass(network: Network, dataset: Dataset, spec: RunSpec, cache: FeatureCache) -> float:
    """Fills an empty cache with the features of all pictures; returns the seconds."""
    for file in cache.folder.glob("*.npy"):
        file.unlink()
    return seconds(lambda: prepare_source(network, dataset, spec, cache))


def _cached_epoch_s(network: Network, dataset: Dataset, spec: RunSpec, cache: FeatureCache) -> float:
    ours = OurTraining(network, prepare_source(network, dataset, spec, cache), dataset, spec)
    ours.epoch()  # compiles
    return median(ours.epoch().whole for _ in range(CACHED_EPOCHS))
