"""What was taken for what: the cells of a confusion matrix, classes that are confused side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tl_core.charts import theme
from tl_core.evaluation.insight.class_order import shares_of_rows

MOST_CLASSES = 40
FAINTEST, STRONGEST = 0.08, 0.6  # of a filled cell's colour: words upon it can be read in both themes


@dataclass(frozen=True)
class Cell:
    """Pictures of one class that were taken for one class.

    Attributes:
        row: The right class, its place in `ConfusionInfo.labels`.
        column: What they were taken for, likewise.
        n: How many they are.
        share: Of all pictures of the right class, in [0, 1].
    """

    row: int
    column: int
    n: int
    share: float

    @property
    def is_right(self) -> bool:
        return self.row == self.column


@dataclass(frozen=True)
class ConfusionInfo:
    """The labels that are drawn, in their order; the cells with pictures; and how many classes are left out."""

    labels: tuple[int, ...]
    cells: tuple[Cell, ...]
    n_more: int = 0

    def first(self) -> Cell | None:
        """Returns the most frequent mistake, or where there is none the first cell; None of an empty matrix."""
        wrong = [cell for cell in self.cells if not cell.is_right]
        return max(wrong, key=lambda cell: cell.n, default=next(iter(self.cells), None))


def confusion_info(counts: Sequence[Sequence[int]], order: Sequence[int]) -> ConfusionInfo:
    """Returns what to draw: every class, or of very many those with most mistakes.

    Args:
        counts: Rows = right class.
        order: Every label, in the order in which they stand.
    """
    table = np.array(counts)
    mistakes = table.sum(axis=0) + table.sum(axis=1) - 2 * table.diagonal()
    chosen = {int(label) for label in (-mistakes).argsort(kind="stable")[:MOST_CLASSES]}
    labels = tuple(label for label in order if label in chosen)
    shares = shares_of_rows(table)
    cells = [
        Cell(row, column, int(table[right, taken]), float(shares[right, taken]))
        for row, right in enumerate(labels)
        for column, taken in enumerate(labels)
        if table[right, taken]
    ]
    return ConfusionInfo(labels, tuple(cells), len(order) - len(labels))


def fill(cell: Cell, role: str) -> str:
    """Returns the colour of a cell: that of the run, the stronger the larger the share of its row.

    Args:
        cell: The cell.
        role: "run" or "baseline".
    """
    (style,) = theme.styles((role,))
    return theme.translucent(style.colour, round(FAINTEST + (STRONGEST - FAINTEST) * cell.share, 3))
