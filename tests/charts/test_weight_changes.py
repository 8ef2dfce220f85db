import itertools

import pytest

from tl_core.charts import theme
from tl_core.charts.weight_changes import FOOT, WeightChangesLabels, bar_height, percent_moved, weight_changes_data

LABELS = WeightChangesLabels("frozen", "trainable", "head", "moved by", "run: moved")


def test_a_factor_of_ten_is_a_step_of_the_same_height_each_time():
    heights = [bar_height(change) for change in (1e-3, 1e-2, 1e-1, 1.0)]
    steps = [high - low for low, high in itertools.pairwise(heights)]
    assert steps == pytest.approx([steps[0]] * 3)
    assert heights[-1] == pytest.approx(1)


def test_nothing_stands_at_the_foot_and_the_least_change_above_it():
    assert bar_height(0.0) == FOOT < bar_height(1e-12) == bar_height(1e-4)
    assert bar_height(30.0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [(0.0, "0"), (1e-7, "< 0.1%"), (0.0123, "1.2%"), (0.0999, "10%"), (0.4321, "43%"), (5.0, "500%")],
)
def test_a_change_is_said_in_per_cent_and_only_nothing_is_called_nothing(change, said):
    assert percent_moved(change) == said


def test_each_block_has_a_bar_in_the_colour_of_its_role():
    data = weight_changes_data(["stem", "<b>mid</b>", "top"], [0.0, 0.01, 0.02, 0.5], [True, False, False], LABELS)
    traces = {trace["uid"]: trace for trace in data["data"]}
    assert {role: trace["x"] for role, trace in traces.items()} == {"frozen": [0], "trainable": [1, 2], "head": [3]}
    assert traces["frozen"]["marker"]["color"] == theme.FROZEN
    assert traces["frozen"]["y"] == [FOOT]
    assert traces["trainable"]["customdata"][0] == ["&lt;b&gt;mid&lt;/b&gt;", "moved by", "1.0%"]
    assert traces["head"]["customdata"] == [["head", "moved by", "50%"]]


def test_a_change_for_each_block_and_the_head_must_be_given():
    with pytest.raises(ValueError, match="argument"):
        weight_changes_data(["stem"], [0.0], [False], LABELS)
