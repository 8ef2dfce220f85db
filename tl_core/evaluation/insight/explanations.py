"""What can be chosen of an explanation, and what is said of a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tl_core.evaluation.insight.relevance import intensities, peak, zone_shares
from tl_core.evaluation.scores import softmax
from tl_core.fields import Checked, Choice, Number, Text, setting

METHODS = ("gradcam", "cam", "occlusion")
MOST_CHANNELS = 6  # of a map are told
_MOST = 10_000_000


@dataclass(frozen=True)
class Explain(Checked):
    """Which answer is explained, and how.

    Attributes:
        image: The picture's place among the test pictures of the first run.
        block: Name of the block whose feature map is looked at; empty for the last one. Occlusion needs none.
        method: One of `METHODS`.
        target: Number of the class that is explained; None for the predicted one.
    """

    image: int = setting(0, Number(0, _MOST))
    block: str = setting("", Text())
    method: str = setting("gradcam", Choice(METHODS))
    target: int | None = setting(None, Number(0, _MOST, is_open=True))


@dataclass(frozen=True)
class Channels(Checked):
    """Which channels are asked for.

    Attributes:
        block: Name of the block; empty for the last one.
    """

    block: str = setting("", Text())


@dataclass(frozen=True)
class Sanity(Checked):
    """Which map is put to the test.

    Attributes:
        image: As of `Explain`.
        block: As of `Explain`.
        target: As of `Explain`.
        repeats: How often random weights are drawn.
        seed: Decides which they are.
    """

    image: int = setting(0, Number(0, _MOST))
    block: str = setting("", Text())
    target: int | None = setting(None, Number(0, _MOST, is_open=True))
    repeats: int = setting(3, Number(1, 10))
    seed: int = setting(0, Number(0, 2**31 - 1))


def told(
    signed: np.ndarray, logits: np.ndarray, target: int, *, method: str, block: str, channels: np.ndarray | None = None
) -> dict:
    """Returns a map and what is said of it, as plain data.

    Args:
        signed: float (H, W), before what speaks against the class is left out.
        logits: float (classes,).
        target: The class that is explained.
        method: One of `METHODS`.
        block: The block looked at.
        channels: What each of its channels adds, float (C,); None where no channels were looked at.

    Returns:
        {"block", "method", "target", "predicted", "probability": of the target, "cells": rows of the map, "zones":
        the share of it in each ninth of the picture, "peak_x", "peak_y": its strongest place in [0, 1], "channels":
        [{"channel", "share"}…]}. Cells are multiples of the map's average, for occlusion losses of probability.
    """
    positive = np.maximum(np.asarray(signed, np.float64), 0.0)
    x, y = peak(positive)
    return {
        "block": block,
        "method": method,
        "target": target,
        "predicted": int(np.argmax(logits)),
        "probability": float(softmax(np.asarray(logits)[None])[0, target]),
        "cells": rounded(signed if method == "occlusion" else intensities(signed)),
        "zones": rounded(zone_shares(positive)),
        "peak_x": x,
        "peak_y": y,
        "channels": [] if channels is None else strongest(channels),
    }


def strongest(contributions: np.ndarray) -> list[dict]:
    """Returns the channels that add most, with their share in all that speaks for the class.

    Args:
        contributions: float (C,).
    """
    positive = np.maximum(np.asarray(contributions, np.float64), 0.0)
    total = float(positive.sum())
    order: Sequence[int] = np.argsort(-positive, kind="stable")[:MOST_CHANNELS].tolist()
    return [{"channel": at, "share": float(positive[at]) / total} for at in order if positive[at] > 0]


def rounded(values: np.ndarray) -> list:
    """Returns an array as lists of numbers with five digits, which no picture shows more of."""
    return np.round(np.asarray(values, np.float64), 5).tolist()
