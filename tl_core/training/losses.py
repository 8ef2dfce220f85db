"""What a step makes small: the cross-entropy, in which a picture may count more where its class has few."""

from typing import Any

import keras
import numpy as np


def class_weights(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Returns what a picture of each class counts where every class counts the same: float (classes,), 1 on average
    over the pictures; 0 for a class without one.

    References: King & Zeng, "Logistic Regression in Rare Events Data", 2001; scikit-learn's "balanced".
    """
    counts = np.bincount(labels, minlength=n_classes)
    return np.divide(len(labels), n_classes * counts, out=np.zeros(n_classes), where=counts > 0)


class WeightedCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Cross-entropy from logits in which a picture counts as much as its class says.

    Args:
        weights: float (classes,).
    """

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__(from_logits=True)
        self._weights = weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        each = super().call(y_true, y_pred)  # (B,)
        weights = keras.ops.convert_to_tensor(self._weights, each.dtype)
        return each * keras.ops.take(weights, keras.ops.cast(keras.ops.reshape(y_true, each.shape), "int32"))
