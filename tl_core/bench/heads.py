"""(d) A linear head on cached features: Keras' `fit` ÷ our epoch, which is a few compiled calls."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf

from tl_core.bench.ours import OurTraining, repeated_source
from tl_core.bench.pictures import photographs
from tl_core.bench.plain import plain_head
from tl_core.bench.settings import BATCH, Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio, seconds, side_by_side
from tl_core.disk.home import data_home
from tl_core.models.build import build

Split = tuple[np.ndarray, np.ndarray]  # features (n, …), labels (n,)


def measure(settings: Settings) -> list[dict]:
    """Returns three ratios: `fit` on arrays, on a `tf.data` pipeline, and with the whole epoch in one execution."""
    dataset, spec = photographs(settings, data_home()), spec_of(settings.backbones[0], "all", settings)
    n_classes, n_steps = len(dataset.info.classes), -(-settings.n_images // BATCH)
    network = build(spec, n_classes)
    with TemporaryDirectory() as folder:
        source = repeated_source(network, dataset, Path(folder))
        ours = OurTraining(network, source, dataset, spec)
        ours.epoch()  # compiles
        train, validation = ((np.array(features), dataset.labels[numbers]) for numbers, features in source.parts)
        heads = [plain_head(network.suffix.input_shape[1:], spec, n_classes, steps) for steps in (1, 1, n_steps)]
        calls = {
            "fit": _on_arrays(heads[0], train, validation),
            "fit_pipeline": _on_pipelines(heads[1], train, validation),
            "fit_at_once": _on_pipelines(heads[2], train, validation),
        }
        samples = side_by_side(calls | {"ours": lambda: ours.epoch().whole}, settings.repeat)
    facts = {"backbone": spec.backbone, "n_images": settings.n_images, "n_validation": settings.n_validation}
    facts |= {"n_inputs": int(np.prod(network.suffix.input_shape[1:]))}
    return [ratio(f"head {name}", {name: samples[name], "ours": samples["ours"]}) | facts for name in calls]


def _on_arrays(model: keras.Model, train: Split, validation: Split) -> Callable[[], float]:
    return _warm(
        lambda: model.fit(*train, validation_data=validation, verbose=0, batch_size=BATCH, validation_batch_size=BATCH)  # pyright: ignore[reportArgumentType]
    )


def _on_pipelines(model: keras.Model, train: Split, validation: Split) -> Callable[[], float]:
    shuffled = tf.data.Dataset.from_tensor_slices(train).shuffle(len(train[0])).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    judged = tf.data.Dataset.from_tensor_slices(validation).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    return _warm(lambda: model.fit(shuffled, validation_data=judged, shuffle=False, verbose=0))  # pyright: ignore[reportArgumentType]


def _warm(fit: Callable[[], object]) -> Callable[[], float]:
    """Calls it twice, which compiles; returns a function that calls it and returns the seconds."""
    fit()
    fit()
    return lambda: seconds(fit)
