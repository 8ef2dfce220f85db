from tl_core.charts import theme
from tl_core.charts.cascade import CascadeInfo, CascadeLabels, CascadeRun, Stage, cascade_figure, cascade_info

LABELS = CascadeLabels("parts", "correlation", "trained")
ROWS = [("a <b>run</b>", "run", [(1, "head", 0.4), (10, "stem", None)]), ("twin", "baseline", [(1, "head", -0.1)])]


def test_the_info_holds_each_run_with_its_stages():
    assert cascade_info(ROWS) == CascadeInfo(
        (
            CascadeRun("a <b>run</b>", "run", (Stage(1, "head", 0.4), Stage(10, "stem", None))),
            CascadeRun("twin", "baseline", (Stage(1, "head", -0.1),)),
        )
    )


def test_each_line_begins_with_the_trained_network_and_has_a_gap_where_nothing_is_known():
    first, second = cascade_figure(cascade_info(ROWS), LABELS).data
    assert (list(first.x), list(first.y)) == ([0, 1, 10], [1.0, 0.4, None])
    assert list(first.customdata) == ["trained", "head", "stem"]
    assert list(second.y) == [1.0, -0.1]
    assert first.name == "a &lt;b&gt;run&lt;/b&gt;"
    assert [line.line.color for line in (first, second)] == [theme.RUN.colour, theme.BASELINE.colour]
