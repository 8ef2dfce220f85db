"""What is compiled before the first step: optimiser, loss, and the steps; or taken over from an equal training."""

from collections.abc import MutableMapping

import keras
import numpy as np

from tl_core.planning.rates import steps_per_epoch
from tl_core.spec import RunSpec
from tl_core.training.block_plan import BlockPlan
from tl_core.training.gradient_norms import GradientNorms
from tl_core.training.losses import WeightedCrossentropy, class_weights
from tl_core.training.optimizers import make_optimizer, restart_optimizer
from tl_core.training.steps import Steps, make_steps


def compiled_steps(
    model: keras.Model,
    spec: RunSpec,
    labels: np.ndarray,
    *,
    norms: GradientNorms | None,
    plan: BlockPlan | None,
    known: MutableMapping[int, Steps],
) -> Steps:
    """Returns the steps of a model, with its optimiser at its beginning.

    Args:
        model: Inputs → logits.
        spec: Optimiser, rate, batch size, weights of the classes.
        labels: int (n,), of the training pictures.
        norms: As of `Trainer`.
        plan: As of `Trainer`.
        known: What was compiled for this very model before: taken over where it is the same, and added to. What is
            compiled into steps is how often they measure gradients; rates that change and weights of classes are, too,
            and steps with these are compiled each time.
    """
    n_steps = steps_per_epoch(len(labels), spec.batch_size)
    squares_every = 0 if norms is None else norms.measured_every(n_steps)
    is_plain = spec.schedule == "constant" and spec.class_weight == "none" and spec.unfreeze_every == 0
    is_plain = is_plain and (plan is None or plan.shares(model.trainable_variables) is None)
    if is_plain and squares_every in known:
        restart_optimizer(model.optimizer, spec)
        return known[squares_every]
    known.clear()  # they belong to the optimiser that is replaced now
    weights = class_weights(labels, model.output_shape[-1]) if spec.class_weight == "balanced" else None
    compile_model(model, spec, weights, n_steps=n_steps, plan=plan)
    steps = make_steps(model, spec.batch_size, is_exact=spec.arithmetic == "exact", squares_every=squares_every)
    if is_plain:
        known[squares_every] = steps
    return steps


def compile_model(
    model: keras.Model,
    spec: RunSpec,
    weights: np.ndarray | None = None,
    *,
    n_steps: int = 1,
    plan: BlockPlan | None = None,
) -> None:
    """Gives a model its optimiser, with its variables, and its loss; nothing is traced before the first step.

    Args:
        model: Pictures → logits.
        spec: The optimiser.
        weights: float (classes,), what a picture of each class counts in the loss; None: all count the same.
        n_steps: As for `make_optimizer`.
        plan: Says at which share of the rate each block is trained; None: all at the whole rate.
    """
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=spec.fault != "from-logits")
    model.compile(
        optimizer=make_optimizer(spec, n_steps, plan.shares(model.trainable_variables) if plan else None),
        loss=plain if weights is None else WeightedCrossentropy(weights),
        metrics=["accuracy"],
        jit_compile=False,  # XLA on convolutions is catastrophic on a CPU  # pyright: ignore[reportArgumentType]
    )
    model.optimizer.build(model.trainable_variables)
