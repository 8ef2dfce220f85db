"""The photographs that benchmarks train on: the bundled groceries, repeated until there are enough."""

from pathlib import Path

import numpy as np

from tl_core.bench.settings import Settings
from tl_core.datasets.arrays import Dataset, batch, load_dataset

SOURCE = "groceries"
DISTINCT = 256  # photographs; more would only take longer to decode


def photographs(settings: Settings, home: Path) -> Dataset:
    """Returns as many training and validation pictures as were asked for, all of the size that networks see.

    Speed does not depend on what a picture shows, so a few hundred photographs are repeated. The test pictures are
    those of the validation, so that no test is computed: plain Keras has none either.
    """
    whole = load_dataset(SOURCE, home)
    n_all = settings.n_images + settings.n_validation
    chosen = np.resize(whole.train[:: max(1, len(whole.train) // DISTINCT)], n_all)
    pixels = batch(whole, chosen, settings.image_size)
    numbers = np.arange(n_all)
    train, validation = numbers[: settings.n_images], numbers[settings.n_images :]
    return Dataset(whole.info, pixels, whole.labels[chosen], train, validation, test=validation)
