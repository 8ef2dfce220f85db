"""The layers of a run's network as text, as `model.summary()` prints them."""

from collections.abc import Sequence

from tl_core.models.layer_table import LayerRow, LayerTable
from tl_core.phrases import phrase

COLUMNS = ("layer", "kind", "shape", "params", "learns")


def summary_text(table: LayerTable, language: str = "en") -> str:
    """Returns a table of layers, shapes of their outputs, numbers, and which are trained.

    Args:
        table: The layers.
        language: Of the titles.
    """
    titles = [phrase(language, f"code.column_{name}") for name in COLUMNS]
    cells = [_cells(row, language) for row in table.rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(COLUMNS))]
    lines = [_line(cells_, widths) for cells_ in cells]
    rule = "─" * len(lines[0])
    counts = _counts(table, language)
    return "\n".join([_line(titles, widths).rstrip(), rule, *[line.rstrip() for line in lines], rule, *counts]) + "\n"


def _cells(row: LayerRow, language: str) -> list[str]:
    shape = ", ".join(str(side) for side in row.shape)
    learns = "–" if row.learns is None else phrase(language, "code.learns_yes" if row.learns else "code.learns_no")
    return [row.name, row.kind, f"({shape})", f"{row.params:,}", learns]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, kind, shape, params, learns = (text.ljust(width) for text, width in zip(cells, widths, strict=True))
    return f"{name}  {kind}  {shape}  {params.strip().rjust(widths[3])}  {learns}"


def _counts(table: LayerTable, language: str) -> list[str]:
    counts = {"all": table.params, "trainable": table.trainable, "fixed": table.params - table.trainable}
    return [phrase(language, f"code.count_{name}", n=f"{n:,}") for name, n in counts.items()]
