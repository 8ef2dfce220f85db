"""What the learning rate of a run is planned to be, step by step: the formulas, for whoever has no Keras at hand."""

import math

from tl_core.spec import RunSpec

OFFERED_RATES = tuple(float(f"{digit}e-{power}") for power in range(6, 0, -1) for digit in (1, 2, 5))
"""The learning rates that a control offers, ascending."""
MOST_POINTS = 120  # of a curve that is drawn small


def steps_per_epoch(n_train: int, batch_size: int) -> int:
    """Returns how many batches one pass over the training pictures takes."""
    return math.ceil(n_train / batch_size)


def rate_at(spec: RunSpec, step: int, n_steps: int) -> float:
    """Returns the learning rate of a step of the last phase.

    Args:
        spec: Rate, schedule and epochs.
        step: Counted from 0.
        n_steps: Steps in an epoch.
    """
    match spec.schedule:
        case "inverse-time":
            return spec.learning_rate / (1 + spec.decay * step)
        case "cosine":
            return spec.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, step / (n_steps * spec.epochs))))
        case "step":
            return spec.learning_rate * spec.decay_factor ** (step // (n_steps * spec.decay_epochs))
    return spec.learning_rate


def planned_rates(spec: RunSpec, n_steps: int) -> list[tuple[float, float]]:
    """Returns the curve of the rate over the last phase: (epochs done, rate of the next step), first to last step.

    Args:
        spec: Rate, schedule and epochs.
        n_steps: Steps in an epoch.
    """
    n_all = n_steps * spec.epochs
    chosen = sorted({round(at * (n_all - 1) / (MOST_POINTS - 1)) for at in range(MOST_POINTS)})
    return [(step / n_steps, rate_at(spec, step, n_steps)) for step in chosen]
