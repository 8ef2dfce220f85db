"""Whether a network is right as often as it says: its probabilities against what came out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tl_core.errors import InputError
from tl_core.evaluation.insight.outputs import SplitOutputs
from tl_core.evaluation.insight.parts import Judged
from tl_core.evaluation.scores import log_loss, softmax, wilson_interval

N_BINS = 15
FLAT = 1e-9  # nats: what is no less than that is as good
TEMPERATURES = (0.05, 20.0)  # what is tried; beyond, a network that is always right would be made sure without end


def answer(judged: Sequence[Judged]) -> dict:
    """Returns how far a network's probabilities can be believed, before and after temperature scaling.

    Returns:
        {"n": test pictures, "n_validation", "temperature": fitted on validation, "is_at_limit": whether no temperature
        within the allowed ones is best, "ece", "ece_scaled", "loss", "loss_scaled": on the test pictures,
        "bins": [{"low", "high", "n", "confidence", "accuracy", "interval"}…], "bins_scaled"}: confidence, accuracy and
        interval are None of a bin without pictures.

    Raises:
        InputError: "no_probabilities": the network is an SVM.

    References: Guo, Pleiss, Sun and Weinberger, ICML 2017: section 2 (reliability diagram, expected calibration error
        with 15 bins of equal width), section 4.2 (temperature scaling).
    """
    (one,) = judged
    if not one.outputs.has_probabilities:
        raise InputError("no_probabilities", run=one.id)
    test, temperature = one.outputs.test, best_temperature(one.outputs.validation)
    scaled = SplitOutputs(test.logits / temperature, test.labels)
    before, after = _bins(test), _bins(scaled)
    return {
        "n": len(test),
        "n_validation": len(one.outputs.validation),
        "temperature": temperature,
        "is_at_limit": temperature in TEMPERATURES,
        "ece": _error(before),
        "ece_scaled": _error(after),
        "loss": log_loss(test.logits, test.labels),
        "loss_scaled": log_loss(scaled.logits, scaled.labels),
        "bins": before,
        "bins_scaled": after,
    }


def best_temperature(said: SplitOutputs) -> float:
    """Returns by what logits are divided so that the log loss is smallest, or the limit of what is tried."""
    from scipy.optimize import minimize_scalar

    def loss(temperature: float) -> float:
        return log_loss(said.logits / temperature, said.labels)

    bounds = tuple(np.log(TEMPERATURES))
    found: Any = minimize_scalar(lambda x: loss(np.exp(x)), bounds=bounds, method="bounded", options={"xatol": 1e-6})
    at_limits = {limit: loss(limit) for limit in TEMPERATURES}
    limit = min(at_limits, key=at_limits.__getitem__)
    return limit if at_limits[limit] <= found.fun + FLAT else float(np.exp(found.x))


def _bins(said: SplitOutputs) -> list[dict]:
    """Returns what was promised and what came out, for pictures that were promised about the same."""
    from sklearn.calibration import calibration_curve

    confidence, edges = softmax(said.logits).max(axis=1).clip(0, 1), np.linspace(0, 1, N_BINS + 1)
    at = np.searchsorted(edges[1:-1], confidence)  # as scikit-learn does: a bin holds its upper end
    counts, hits = np.bincount(at, minlength=N_BINS), np.bincount(at, said.is_right, N_BINS)
    filled = dict.fromkeys(range(N_BINS), (None, None))
    shares, means = calibration_curve(said.is_right, confidence, n_bins=N_BINS)
    filled |= dict(zip(np.flatnonzero(counts).tolist(), zip(shares.tolist(), means.tolist(), strict=True), strict=True))
    return [
        {
            "low": float(edges[bin]),
            "high": float(edges[bin + 1]),
            "n": int(counts[bin]),
            "confidence": mean,
            "accuracy": share,
            "interval": list(wilson_interval(int(hits[bin]), int(counts[bin]))) if counts[bin] else None,
        }
        for bin, (share, mean) in filled.items()
    ]


def _error(bins: Sequence[dict]) -> float:
    """Returns the expected calibration error: how far promise and outcome lie apart in the mean over all pictures."""
    filled = [bin for bin in bins if bin["n"]]
    apart = [abs(bin["confidence"] - bin["accuracy"]) for bin in filled]
    return float(np.average(apart, weights=[bin["n"] for bin in filled]))
