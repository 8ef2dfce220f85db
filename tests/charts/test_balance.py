"""How many pictures each class has, drawn."""

from tl_core.charts.balance import (
    MOST_CLASSES,
    BalanceInfo,
    BalanceLabels,
    ClassBar,
    balance_figure,
    balance_height,
    balance_info,
)

LABELS = BalanceLabels("training", "validation", "test")
FRUIT = [("pear", (7, 2, 1)), ("apple", (70, 15, 15))]


def test_the_classes_keep_their_order_and_their_counts():
    assert balance_info(FRUIT) == BalanceInfo((ClassBar("pear", (7, 2, 1)), ClassBar("apple", (70, 15, 15))))


def test_each_split_is_a_row_of_bars_that_are_put_end_to_end():
    figure = balance_figure(balance_info(FRUIT), LABELS)
    assert figure.layout.barmode == "stack"
    assert [trace.name for trace in figure.data] == ["training", "validation", "test"]
    assert [trace.x for trace in figure.data] == [(7, 70), (2, 15), (1, 15)]
    assert figure.data[0].hovertext == ("pear · training: 7", "apple · training: 70")
    low, high = figure.layout.yaxis.range
    assert low > high  # the first class is on top


def test_the_splits_differ_by_pattern_as_well_as_by_colour():
    markers = [trace.marker for trace in balance_figure(balance_info(FRUIT), LABELS).data]
    assert len({marker.color for marker in markers}) == 3
    assert len({marker.pattern.shape for marker in markers}) == 3


def test_of_very_many_classes_the_largest_and_the_smallest_are_drawn():
    counts = [(f"c{n:03d}", (n, 0, 0)) for n in range(100)]
    info = balance_info(counts)
    drawn = [bar.counts[0] for bar in info.bars]
    assert drawn == [*range(99, 79, -1), *range(19, -1, -1)]
    assert (len(info.bars), info.n_more) == (MOST_CLASSES, 60)
    assert balance_info(counts[:MOST_CLASSES]).n_more == 0


def test_every_class_has_a_line_of_its_own():
    heights = [balance_height(balance_info([(str(at), (1, 0, 0)) for at in range(n)])) for n in (0, 2, 10, 40)]
    assert heights == sorted(heights)
    assert heights[3] - heights[2] >= 30 * 20


def test_a_hostile_class_name_is_shown_letter_by_letter():  # Z10
    figure = balance_figure(balance_info([("<b>cat</b> & 猫", (1, 0, 0))]), LABELS)
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;cat&lt;/b&gt; &amp; 猫",)
    assert figure.data[0].hovertext == ("&lt;b&gt;cat&lt;/b&gt; &amp; 猫 · training: 1",)


def test_classes_whose_names_are_cut_to_the_same_keep_bars_of_their_own():
    names = ["x" * 60 + "a", "x" * 60 + "b"]
    figure = balance_figure(balance_info([(name, (1, 1, 1)) for name in names]), LABELS)
    assert figure.layout.yaxis.tickvals == (0, 1)
    assert figure.data[0].y == (0, 1)
    assert names[0] in figure.data[0].hovertext[0]


def test_no_classes_are_an_empty_figure():
    assert [len(trace.x) for trace in balance_figure(balance_info([]), LABELS).data] == [0, 0, 0]
