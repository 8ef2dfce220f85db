from tl_core.charts import theme
from tl_core.charts.pair_groups import pair_groups_figure, pair_groups_info

GROUPS = [("both right", 50), ("only <A>", 40), ("only B", 1), ("both wrong", 9)]


def test_the_parts_make_up_one_bar_in_their_order():
    figure = pair_groups_figure(pair_groups_info(GROUPS, ("run", "baseline")))
    assert [bar.x for bar in figure.data] == [(50,), (40,), (1,), (9,)]
    assert figure.layout.barmode == "stack"
    assert figure.layout.xaxis.range == (0, 100)
    assert [bar.text for bar in figure.data] == [("<b>50</b>",), ("<b>40</b>",), ("",), ("<b>9</b>",)]  # no room for 1


def test_parts_differ_by_pattern_as_well_as_by_colour_and_names_are_shown_letter_by_letter():
    for roles in ("run", "baseline"), ("run", "run"), ("baseline", "baseline"):
        bars = pair_groups_figure(pair_groups_info(GROUPS, roles)).data
        assert len({bar.marker.color for bar in bars}) == 4
        assert len({bar.marker.pattern.shape for bar in bars}) == 4
        assert {bar.marker.pattern.bgcolor for bar in bars} == {bar.marker.color for bar in bars}
    assert bars[1].name == "only &lt;A&gt;"
    assert pair_groups_figure(pair_groups_info(GROUPS, ("run", "baseline"))).data[1].marker.color == theme.RUN.colour


def test_a_pair_without_pictures_has_an_empty_bar():
    figure = pair_groups_figure(pair_groups_info([(name, 0) for name, _ in GROUPS], ("run", "baseline")))
    assert [bar.text for bar in figure.data] == [("",)] * 4
