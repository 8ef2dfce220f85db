"""The weights that a backbone starts with: pretrained, drawn at random, or some of both."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from tl_core.errors import StoreError
from tl_core.models.cuts import Block
from tl_core.models.weights import load_pretrained
from tl_core.seeds import child_seed, generator
from tl_core.spec import RunSpec

OnProgress = Callable[[int, int | None], None]
# A from-scratch network with BatchNorm sees few steps here: with the usual momentum of 0.99 its moving statistics lag
# behind and its validation accuracy sits at chance.
SCRATCH_BATCHNORM_MOMENTUM = 0.9


def set_start(
    model: keras.Model,
    blocks: Sequence[Block],
    spec: RunSpec,
    *,
    source: keras.Model | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Gives a new backbone the weights that a spec starts with.

    Where a part of it starts at random, all of its BatchNorm has the momentum of a network from scratch: behind blocks
    that move, stored statistics would lag as they do there.

    Args:
        model: The backbone as it was built.
        blocks: Its blocks, from the input.
        spec: How it starts.
        source: The trained network of the run that takes the place of ImageNet, where the spec names one.
        on_progress: Called with (bytes done, bytes in all or None) while weights are downloaded.

    Raises:
        UnavailableError: Pretrained weights are neither here nor to be fetched.
        StoreError: "source_gone": the spec names a source, and it is not here.

    Random:
        As `initialise` and `draw_matched`, from `spec.seed`.
    """
    if not spec.is_pretrained:
        initialise(model, spec.seed)
    if spec.weights == "random":
        return
    fresh = [(layer, layer.get_weights()) for layer in model.layers]
    if spec.source is None:
        load_pretrained(model, spec.backbone, on_progress=on_progress)
    elif source is not None:
        for layer in model.layers:
            layer.set_weights(source.get_layer(layer.name).get_weights())
    else:
        raise StoreError("source_gone", run=spec.source)
    if spec.weights == "matched":
        draw_matched(fresh, spec.seed)
    elif spec.n_pretrained is not None:
        put_back = {layer.name for block in blocks[spec.n_pretrained :] for layer in block.layers}
        for layer, values in fresh:
            if layer.name in put_back:
                layer.set_weights(values)


def draw_matched(fresh: Sequence[tuple[keras.Layer, Sequence[np.ndarray]]], seed: int) -> None:
    """Draws each trained array of weights anew, from a normal distribution with the mean and variance that it has.

    What remains of the pretrained weights are two numbers an array, the scale of each layer. Kernels, biases, and
    BatchNorm's scales and offsets are drawn; BatchNorm's stored statistics start as in a new network, 0 and 1: they
    were measured of what the pretrained weights let through, which these do not.

    Args:
        fresh: The layers, with the pretrained weights in them, and the weights that they had when they were new.
        seed: The run's.

    Random:
        The child "matched/<index>" of `seed` for the layer at that index.

    References: Raghu et al. 2019, "Transfusion: Understanding Transfer Learning for Medical Imaging", section 5 ("Mean
        Var").
    """
    for index, (layer, values) in enumerate(fresh):
        chance = generator(seed, f"matched/{index}")
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable, value in zip(layer.weights, values, strict=True):
                variable.assign(value if variable.name.startswith("moving_") else _alike(variable, chance))
        else:
            for variable in layer.trainable_variables:
                variable.assign(_alike(variable, chance))


def _alike(variable: keras.Variable, chance: np.random.Generator) -> np.ndarray:
    values = variable.numpy()
    return chance.normal(values.mean(), values.std(), values.shape).astype(values.dtype)


def initialise(backbone: keras.Model, seed: int) -> None:
    """Draws random weights for every layer, each from a child seed of its own.

    Random:
        The child "initial/<index>" of `seed` for the layer at that index.
    """
    for index, layer in enumerate(backbone.layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = SCRATCH_BATCHNORM_MOMENTUM
        start = getattr(layer, "depthwise_initializer", None) or getattr(layer, "kernel_initializer", None)
        if start is not None:
            config = start.get_config() | {"seed": child_seed(seed, f"initial/{index}")}
            layer.kernel.assign(type(start).from_config(config)(layer.kernel.shape, layer.kernel.dtype))
        if isinstance(layer, keras.layers.Dropout) and layer.rate:
            layer.seed_generator = keras.random.SeedGenerator(child_seed(seed, f"drop/{index}"))
