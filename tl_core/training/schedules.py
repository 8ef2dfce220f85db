"""The learning rate of every step, by Keras' own schedules. An optimiser asks for it with its number of steps so far.

That number is one of the optimiser's variables: it counts on when many steps are taken in one call, and a checkpoint
keeps it. `planning.rates` says the same without Keras.
"""

import keras

from tl_core.spec import RunSpec

Rate = float | keras.optimizers.schedules.LearningRateSchedule


def learning_rate(spec: RunSpec, n_steps: int) -> Rate:
    """Returns the rate of the last phase: a number, or a schedule over its steps, which count from 0.

    Args:
        spec: Rate, schedule and epochs.
        n_steps: Steps in an epoch.

    References: Loshchilov & Hutter 2017, "SGDR", equation 5 without restarts (cosine); Keras 2, `optimizers.SGD`
        (`decay`, applied at every update).
    """
    start, schedules = spec.learning_rate, keras.optimizers.schedules
    match spec.schedule:
        case "inverse-time":
            return schedules.InverseTimeDecay(start, decay_steps=1, decay_rate=spec.decay)
        case "cosine":
            return schedules.CosineDecay(start, decay_steps=n_steps * spec.epochs)
        case "step":
            every = n_steps * spec.decay_epochs
            return schedules.ExponentialDecay(start, decay_steps=every, decay_rate=spec.decay_factor, staircase=True)
    return start
