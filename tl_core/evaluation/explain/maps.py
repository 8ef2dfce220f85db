"""Maps of what speaks for a class: by gradients, by the weights of a linear head, by covering up the picture."""

from collections.abc import Generator

import numpy as np

from tl_core.errors import InputError
from tl_core.evaluation.explain.explained import Cut, Explained, Traced
from tl_core.evaluation.scores import softmax

GRID = 8  # fields of the picture, covered up one by one
BATCH = 5  # of 65 pictures, the one that is not covered among them: a large network takes a third of a second


def grad_cam(traced: Traced) -> np.ndarray:
    """Returns the sum of a block's channels, each weighted by its mean slope, before the negative part is cut off.

    Returns:
        float32 (H, W).

    References:
        Selvaraju et al. 2017, "Grad-CAM", section 3, equations 1 and 2.
    """
    return traced.features @ traced.slopes.mean(axis=(0, 1))


def channel_shares(traced: Traced) -> np.ndarray:
    """Returns what each channel adds to the sum over the whole map: float32 (C,)."""
    return traced.features.mean(axis=(0, 1)) * traced.slopes.mean(axis=(0, 1))


def cam(cut: Cut, features: np.ndarray, target: int) -> np.ndarray:
    """Returns what each place adds to a class's logit. Exact: the places add up to the logit without its bias.

    Args:
        cut: A network whose linear head stands right behind the pooling of this block.
        features: float32 (H, W, C), the block's output.
        target: The class.

    Returns:
        float32 (H, W).

    Raises:
        InputError: "no_cam": other layers stand between this block and the logits.

    References:
        Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", section 2.
    """
    if cut.linear_weights is None:
        raise InputError("no_cam", block=cut.block)
    height, width, _ = features.shape
    return features @ cut.linear_weights[:, target] / (height * width)


def occlusion(
    explained: Explained, picture: np.ndarray, target: int | None = None, *, grid: int = GRID
) -> Generator[None, None, tuple[np.ndarray, np.ndarray, int]]:
    """Finds how much probability a class loses when a field of the picture is covered with its mean colour.

    Args:
        explained: The network.
        picture: uint8 (S, S, 3).
        target: The class; the predicted one where none is named.
        grid: Fields along a side.

    Yields:
        None after each batch.

    Returns:
        Losses float64 (grid, grid), negative where the class gains; logits float32 (classes,); the class.

    References:
        Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2.
    """
    pictures = np.concatenate([picture[None], covered(picture, grid)])
    parts = []
    for at in range(0, len(pictures), BATCH):
        parts.append(explained.logits(in_full(pictures[at : at + BATCH])))
        yield None
    logits = np.concatenate(parts)[: len(pictures)]
    chosen = int(logits[0].argmax()) if target is None else target
    probabilities = softmax(logits)[:, chosen]
    return (probabilities[0] - probabilities[1:]).reshape(grid, grid), logits[0], chosen


def in_full(pictures: np.ndarray) -> np.ndarray:
    """Returns a batch filled up to its usual size: another size would be compiled anew."""
    return np.concatenate([pictures, np.repeat(pictures[-1:], BATCH - len(pictures), axis=0)])


def covered(picture: np.ndarray, grid: int) -> np.ndarray:
    """Returns copies of a picture, in each of which another field is covered with the picture's mean colour.

    Returns:
        uint8 (grid², S, S, 3), the fields row by row.
    """
    copies = np.repeat(picture[None], grid * grid, axis=0)
    edges = np.linspace(0, len(picture), grid + 1).round().astype(int)
    colour = picture.mean(axis=(0, 1)).round().astype(np.uint8)
    for at, copy in enumerate(copies):
        row, column = divmod(at, grid)
        copy[edges[row] : edges[row + 1], edges[column] : edges[column + 1]] = colour
    return copies
