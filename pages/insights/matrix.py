"""A confusion matrix as a table of buttons: a click, or the arrow keys and Enter, choose a cell."""

from collections.abc import Sequence

from pages.ui.component import WEB, component
from pages.ui.text import percent, t
from tl_core.charts.confusion_matrix import Cell, ConfusionInfo, fill

_MATRIX = component(
    "matrix",
    html='<div class="tl-matrix"><table role="grid"></table></div>',
    css=(WEB / "matrix.css").read_text(encoding="utf-8"),
)


def matrix(
    info: ConfusionInfo, names: Sequence[str], *, key: str, role: str, label: str, has_shares: bool
) -> Cell | None:
    """Draws a matrix; returns the cell that is chosen, at first the most frequent mistake; None where there is none.

    Args:
        info: What to draw.
        names: Of its classes, as readers know them, in its order.
        key: Names the matrix.
        role: "run" or "baseline": whose colour it has.
        label: What it shows, in a sentence, for those who cannot see it.
        has_shares: Whether a cell has its share of the row in percent upon it, in place of a number of pictures.
    """
    first, by_place = info.first(), {(cell.row, cell.column): cell for cell in info.cells}
    start = [first.row, first.column] if first is not None else None
    data = {
        "names": list(names),
        "corner": t("insights.matrix_corner"),
        "label": label,
        "chosen": start,
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "text": f"{cell.share * 100:.0f}" if has_shares else str(cell.n),
                "about": about(cell, names),
                "fill": fill(cell, role),
            }
            for cell in info.cells
        ],
        "token": f"{hash(info)} {has_shares} {names}",
    }
    shown = _MATRIX(data=data, key=key, default={"chosen": start}, on_chosen_change=_nothing)
    row, column = shown.chosen or (-1, -1)
    return by_place.get((row, column), first)


def about(cell: Cell, names: Sequence[str]) -> str:
    """Returns what a cell says, in words."""
    said = "cell_right" if cell.is_right else "cell_wrong"
    true, predicted = names[cell.row], names[cell.column]
    return t(f"insights.{said}", true=true, predicted=predicted, n=cell.n, share=percent(cell.share))


def _nothing() -> None:
    """Has the page drawn again when another cell is chosen, which is all that is needed."""
