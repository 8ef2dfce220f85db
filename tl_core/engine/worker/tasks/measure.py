"""Measures what a run costs on this machine."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tl_core.datasets.known import known_dataset
from tl_core.engine.environment import n_threads
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.peak import begin_peak, peak_bytes
from tl_core.models.build import build
from tl_core.spec import RunSpec
from tl_core.training.compilation import compile_model
from tl_core.training.extraction import Extractor
from tl_core.training.steps import make_steps

MEASURED_BATCH = 32
MEASURED_PASSES = 2
MEASURED_STEPS = 4
COMPILED_LAYERS = 24  # about two blocks: their step is compiled within a few seconds


def run(kept: Kept, *, spec: dict) -> Iterator[None]:
    """As `measure`, of a spec in its plain form."""
    return (yield from measure(RunSpec.from_dict(spec), kept.home))


def measure(spec: RunSpec, home: Path) -> Iterator[None]:
    """Measures what a run costs on this machine: the prefix's pass over a batch, a step, and a batch of validation.

    A short suffix is timed as it will run; a long one without compiling, because that alone takes longer than a learner
    would wait: an upper bound. A finished epoch of the same kind is exacter and replaces both.

    Returns:
        {"prefix_s", "pass_bytes", "step_s", "eval_s", "batch_size", "is_bound"}: seconds for one picture through the
        prefix (of two phases: through all blocks), the most memory that this process held meanwhile (None where there
        is no such pass, or nobody knows), seconds for one step of the last phase and for one batch of validation; 0
        where a head is fitted at once.
    """
    n_classes = len(known_dataset(spec.dataset, home).classes)
    spec = spec.with_changes(
        weights="random", n_pretrained=None, source=None, batch_size=min(spec.batch_size, MEASURED_BATCH)
    )
    built = build(spec, n_classes)
    yield None
    is_told = begin_peak()
    inputs = np.zeros((MEASURED_BATCH, spec.image_size, spec.image_size, 3), np.uint8)
    prefix_s, model, is_fresh = 0.0, built.full, spec.augment != "none" and spec.views == "fresh"
    images, is_cached = inputs, spec.use_cache and not is_fresh
    if built.prefix is not None and is_cached:
        inputs, prefix_s = yield from _extracted(built.prefix, spec, images)
        model = built.suffix
    if spec.phases == 2 and is_cached:  # one pass through all blocks gives the features of both phases
        _, prefix_s = yield from _extracted(built.head_phase().prefix, spec, images)
    pass_bytes = peak_bytes() if prefix_s and is_told else None
    step_s, eval_s, is_bound = 0.0, 0.0, False  # a fit has no steps, and takes as long as these very features make it
    if not spec.is_fitted:
        step_s, eval_s, is_bound = yield from _stepped(model, spec, inputs[: spec.batch_size])
    return {
        "prefix_s": prefix_s,
        "pass_bytes": pass_bytes,
        "step_s": step_s,
        "eval_s": eval_s,
        "batch_size": spec.batch_size,
        "is_bound": is_bound,
    }


def _extracted(prefix, spec: RunSpec, images: np.ndarray) -> Iterator[None]:
    """Returns the features of pictures and the seconds that one picture takes, measured over several batches."""
    extractor = Extractor([prefix], is_exact=spec.arithmetic == "exact", n_threads=n_threads())
    batches = np.split(images, range(extractor.batch, len(images), extractor.batch))
    features = []
    for outputs in extractor.run(iter(batches)):
        features += outputs or []
        yield None
    started = time.monotonic()
    for _ in extractor.run(iter(batches * MEASURED_PASSES)):
        yield None
    return np.concatenate(features), (time.monotonic() - started) / (len(images) * MEASURED_PASSES)


def _stepped(model, spec: RunSpec, inputs: np.ndarray) -> Iterator[None]:
    """Returns the seconds of a step and of a batch of validation, and whether they are upper bounds."""
    labels, is_bound = np.zeros(len(inputs), np.int64), len(model.layers) > COMPILED_LAYERS
    compile_model(model, spec)
    if is_bound:
        model.run_eagerly = True
        step_s = yield from _timed(lambda: model.train_on_batch(inputs, labels))
        return step_s, (yield from _timed(lambda: model.predict_on_batch(inputs))), True
    model.optimizer.build(model.trainable_variables)
    steps, several = make_steps(model, len(inputs)), np.stack([inputs] * MEASURED_STEPS)
    step_s = yield from _timed(lambda: steps.train(several, np.stack([labels] * MEASURED_STEPS)))
    eval_s = yield from _timed(lambda: steps.logits(several))
    return step_s / MEASURED_STEPS, eval_s / MEASURED_STEPS, False


def _timed(call: Callable[[], object]) -> Iterator[None]:
    """Returns the seconds that a call takes; the first one compiles, or sets kernels up, and does not count."""
    call()
    yield None
    started = time.monotonic()
    call()
    return time.monotonic() - started
