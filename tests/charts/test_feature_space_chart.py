"""The scatter plot of a feature space."""

from itertools import pairwise

from tl_core.charts import theme
from tl_core.charts.feature_space import (
    SIGNS,
    SYMBOLS,
    feature_space_figure,
    feature_space_info,
    look,
    reach_of,
)

POINTS = [(0.0, 1.0), (2.0, -3.0), (-4.0, 0.5)]


def test_points_stand_in_groups_with_what_a_press_gives_back():
    info = feature_space_info(POINTS, [1, 0, 1], ["7", "8", "9"], ["a", "b", "c"], (5.0, 5.0))
    assert [group.look for group in info.groups] == [0, 1]
    assert (info.groups[1].x, info.groups[1].y) == ((0.0, -4.0), (1.0, 0.5))
    assert (info.groups[1].ids, info.groups[1].abouts) == (("7", "9"), ("a", "c"))


def test_no_two_of_sixty_four_classes_look_alike_and_neighbours_differ_in_both():
    looks = [look(number) for number in range(64)]
    assert len({(one.colour, one.symbol) for one in looks}) == 64
    assert all(SYMBOLS.index(one.symbol) == SIGNS.index(one.sign) for one in looks)
    for one, other in pairwise(looks):
        assert one.colour != other.colour
        assert one.symbol != other.symbol
    assert {one.colour for one in looks} == {style.colour for style in theme.PALETTE}


def test_right_and_wrong_differ_in_colour_and_symbol():
    right, wrong = (look(number, is_by_class=False) for number in (0, 1))
    assert right.colour != wrong.colour
    assert right.symbol != wrong.symbol


def test_charts_side_by_side_are_of_one_scale_and_hold_every_point():
    reach = reach_of([POINTS, [(0.0, 6.0)]])
    assert reach[0] > 4.0
    assert reach[1] > 6.0
    figure = feature_space_figure(feature_space_info(POINTS, [0, 0, 0], ["", "", ""], ["", "", ""], reach))
    assert figure.layout.xaxis.range == (-reach[0], reach[0])
    assert figure.layout.yaxis.scaleanchor == "x"
    assert reach_of([]) == (1.06, 1.06)


def test_a_name_is_shown_letter_by_letter():
    info = feature_space_info(POINTS[:1], [0], ["1"], ["<b>cat</b>"], (1.0, 1.0))
    assert feature_space_figure(info).data[0].text == ("&lt;b&gt;cat&lt;/b&gt;",)
