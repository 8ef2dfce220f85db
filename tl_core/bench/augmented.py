"""(j) Twenty epochs with light augmentation, the last two blocks trained: plain Keras ÷ ours, with a rolling cache."""

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from tl_core.bench.ours import OurTraining, fast_cache, prepare_source, warm_up
from tl_core.bench.pictures import photographs
from tl_core.bench.plain import PlainTraining, plain_model
from tl_core.bench.settings import Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio
from tl_core.disk.home import data_home
from tl_core.models.build import build
from tl_core.training.augment import MAX_SHIFT, MAX_TURN, MAX_ZOOM

FIGURE = 2.5
N_EPOCHS, QUICK_EPOCHS = 20, 2
PLAIN_EVERY = 5
MOST_IMAGES = 1000


def measure(settings: Settings) -> list[dict]:
    """Returns the ratio of all epochs; one of plain Keras is measured beside every fifth of ours, and multiplied."""
    settings = replace(settings, n_images=min(settings.n_images, MOST_IMAGES))
    spec = spec_of(settings.backbones[0], "last_two", settings).with_changes(augment="light", views="rolling")
    dataset = photographs(settings, data_home())
    n_epochs, n_classes = QUICK_EPOCHS if settings.is_quick else N_EPOCHS, len(dataset.info.classes)
    model, network = plain_model(spec, n_classes, _layers()), build(spec, n_classes)
    plain = PlainTraining(model, dataset, settings.n_images, settings.n_validation)
    plain.warm_up()
    with TemporaryDirectory() as folder:
        cache = fast_cache(Path(folder))
        warm_up(cache, network, dataset)
        began_s = time.perf_counter()
        source = prepare_source(network, dataset, spec, cache)
        first_s = time.perf_counter() - began_s
        ours, ours_s, plain_s = OurTraining(network, source, dataset, spec), [], []
        for epoch in range(n_epochs):
            ours_s.append(ours.epoch().whole)
            if epoch % PLAIN_EVERY == 0:
                plain_s.append(plain.epoch())
    samples = {"plain": [n_epochs * epoch_s for epoch_s in plain_s], "ours": [first_s + sum(ours_s)]}
    row = ratio("light augmentation", samples, at_least=FIGURE)
    facts = {"n_images": settings.n_images, "n_validation": settings.n_validation, "n_epochs": n_epochs}
    return [
        row | facts | {"backbone": spec.backbone, "views": spec.views, "first_views_s": first_s, "epochs_s": ours_s}
    ]


def _layers() -> list[keras.Layer]:
    """Returns Keras' own layers for what `training.augment` does."""
    return [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomTranslation(MAX_SHIFT, MAX_SHIFT),
        keras.layers.RandomZoom(MAX_ZOOM),
        keras.layers.RandomRotation(MAX_TURN / (2 * np.pi)),
    ]
