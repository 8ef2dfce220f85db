import re

import pytest

from tl_core.charts import confusion_matrix, theme
from tl_core.charts.confusion_matrix import Cell, confusion_info, fill

COUNTS = [[3, 1, 0], [3, 2, 0], [0, 1, 0]]


def test_only_cells_with_pictures_are_drawn_each_at_the_place_of_its_classes():
    info = confusion_info(COUNTS, [2, 1, 0])
    assert info.labels == (2, 1, 0)
    assert set(info.cells) == {
        Cell(0, 1, 1, 1.0),
        Cell(1, 1, 2, 0.4),
        Cell(1, 2, 3, 0.6),
        Cell(2, 1, 1, 0.25),
        Cell(2, 2, 3, 0.75),
    }
    assert {cell for cell in info.cells if cell.is_right} == {Cell(1, 1, 2, 0.4), Cell(2, 2, 3, 0.75)}
    assert info.n_more == 0


def test_the_first_cell_is_the_most_frequent_mistake_or_a_hit_where_there_is_none():
    assert confusion_info(COUNTS, [0, 1, 2]).first() == Cell(1, 0, 3, 0.6)
    assert confusion_info([[4, 0], [0, 5]], [0, 1]).first() == Cell(0, 0, 4, 1.0)
    assert confusion_info([[0, 0], [0, 0]], [0, 1]).first() is None


def test_of_very_many_classes_those_with_most_mistakes_are_drawn_in_their_order(monkeypatch):
    monkeypatch.setattr(confusion_matrix, "MOST_CLASSES", 2)
    counts = [[9, 0, 0, 1], [0, 9, 0, 0], [4, 0, 9, 0], [0, 0, 0, 9]]
    info = confusion_info(counts, [3, 2, 1, 0])
    assert (info.labels, info.n_more) == ((2, 0), 2)


@pytest.mark.parametrize("role", ["run", "baseline"])
def test_a_larger_share_has_a_stronger_colour_of_its_run(role):
    shares = [0.0, 0.3, 1.0]
    strengths = [float(re.search(r",([\d.]+)\)", fill(Cell(0, 1, 1, share), role))[1]) for share in shares]
    assert strengths == sorted(set(strengths))
    style = theme.RUN if role == "run" else theme.BASELINE
    assert fill(Cell(0, 0, 1, 1.0), role) == theme.translucent(style.colour, 0.6)
