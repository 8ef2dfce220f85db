"""The optimiser of a spec. Where blocks learn at rates of their own, its steps are scaled: Keras knows but one rate."""

from typing import Any

import keras
import numpy as np

from tl_core.spec import RunSpec
from tl_core.training.schedules import learning_rate


def make_optimizer(
    spec: RunSpec, n_steps: int = 1, shares: tuple[float, ...] | None = None
) -> keras.optimizers.Optimizer:
    """Returns the optimiser of a spec, fresh: its steps count from 0.

    Args:
        spec: Optimiser, rate and schedule.
        n_steps: Steps in an epoch, for a schedule that counts epochs.
        shares: What the rate is multiplied by for each weight, in the order in which it will be built with them; None:
            all have one rate. Adam divides a gradient by its own size, so it is the step that is scaled.

    References: Kingma & Ba 2015 (Adam); Sutskever et al. 2013 (Nesterov's momentum).
    """
    rate: Any = learning_rate(spec, n_steps)  # Keras names only some of the types that it takes
    if spec.optimizer == "adam":
        made = keras.optimizers.Adam(rate) if shares is None else _SharedAdam(rate)
    else:
        kind = keras.optimizers.SGD if shares is None else _SharedSGD
        made = kind(rate, momentum=spec.momentum, nesterov=spec.nesterov)
    if shares is not None:
        made.shares = shares
    return made


def restart_optimizer(optimizer: Any, spec: RunSpec) -> None:
    """Puts an optimiser of one rate throughout back to its beginning, with the rate of a spec."""
    for variable in optimizer.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    optimizer.learning_rate = spec.learning_rate


def share_of(optimizer: keras.optimizers.Optimizer, at: int) -> float:
    """Returns what the rate is multiplied by for the weight at a place among those that an optimiser was built with."""
    shares: tuple[float, ...] | None = getattr(optimizer, "shares", None)
    return 1.0 if shares is None else shares[at]


class _SharedAdam(keras.optimizers.Adam):
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        share = share_of(self, self._get_variable_index(variable))
        super().update_step(gradient, variable, learning_rate * share)


class _SharedSGD(keras.optimizers.SGD):
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        share = share_of(self, self._get_variable_index(variable))
        super().update_step(gradient, variable, learning_rate * share)
