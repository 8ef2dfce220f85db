"""The layers of a run's network as text, as `model.summary()` prints them."""

from collections.abc import Sequence

from tl_core.export.program.pieces import columns
from tl_core.models.layer_table import LayerRow, LayerTable
from tl_core.phrases import phrase

COLUMNS = ("layer", "kind", "shape", "params", "learns")
AT_PARAMS = COLUMNS.index("params")


def summary_text(table: LayerTable, language: str = "en") -> str:
    """Returns a table of layers, shapes of their outputs, numbers, and which are trained.

    Args:
        table: The layers.
        language: Of the titles.
    """
    titles = [phrase(language, f"code.column_{name}") for name in COLUMNS]
    cells = [_cells(row, language) for row in table.rows]
    widths = [max(columns(row[at]) for row in [titles, *cells]) for at in range(len(COLUMNS))]
    lines, rule = [_line(row, widths) for row in [titles, *cells]], "─" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([lines[0], rule, *lines[1:], rule, *_counts(table, language)]) + "\n"


def _cells(row: LayerRow, language: str) -> list[str]:
    shape = ", ".join(str(side) for side in row.shape)
    learns = "–" if row.learns is None else phrase(language, "code.learns_yes" if row.learns else "code.learns_no")
    return [row.name, row.kind, f"({shape})", f"{row.params:,}", learns]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Returns one line; numbers stand at the right of their column."""
    spaces = [" " * (width - columns(text)) for text, width in zip(cells, widths, strict=True)]
    padded = [text + space for text, space in zip(cells, spaces, strict=True)]
    padded[AT_PARAMS] = spaces[AT_PARAMS] + cells[AT_PARAMS]
    return "  ".join(padded).rstrip()


def _counts(table: LayerTable, language: str) -> list[str]:
    counts = {"all": table.params, "trainable": table.trainable, "fixed": table.params - table.trainable}
    return [phrase(language, f"code.count_{name}", n=f"{n:,}") for name, n in counts.items()]
