import pytest

from tl_core.charts import theme
from tl_core.charts.gradient_norms import GradientNormsLabels, gradient_norms_data, gradient_norms_info

LABELS = GradientNormsLabels("epoch", "norm", "blocks", "head")
EPOCHS = [(1, [None, 0.5, 2.0, 3.0]), (2, [None, 0.4, 0.0, 1.0])]


def test_a_block_without_gradients_has_no_line_and_zero_no_place_on_the_axis():
    info = gradient_norms_info(["stem", "mid", "top"], EPOCHS)
    assert [(line.name, line.is_head) for line in info.lines] == [("mid", False), ("top", False), ("head", True)]
    data = gradient_norms_data(info, LABELS)
    assert [trace["y"] for trace in data["data"]] == [[0.5, 0.4], [2.0, None], [3.0, 1.0]]
    assert data["layout"]["yaxis"]["type"] == "log"


def test_blocks_grow_stronger_towards_the_output_and_the_legend_names_two_kinds():
    traces = gradient_norms_data(gradient_norms_info(["stem", "mid", "top"], EPOCHS), LABELS)["data"]
    opacities = [float(trace["line"]["color"].rstrip(")").rpartition(",")[2]) for trace in traces[:-1]]
    assert opacities == sorted(opacities)
    assert traces[-1]["line"]["color"] == theme.HEAD
    assert [trace["name"] for trace in traces if trace["showlegend"]] == ["blocks", "head"]


@pytest.mark.parametrize("norms", [None, [1.0, 2.0]])
def test_epochs_without_them_are_gaps(norms):
    info = gradient_norms_info(["stem", "mid", "top"], [EPOCHS[0], (2, norms)])
    assert info.epochs == (1, 2)
    assert info.lines[-1].norms == (3.0, None)


def test_a_run_that_has_recorded_none_has_no_lines():
    info = gradient_norms_info(["stem"], [(1, None), (2, None)])
    assert info.lines == ()
    assert gradient_norms_data(info, LABELS)["data"] == []


@pytest.mark.parametrize(("most", "ticks"), [(2.0, "0.5"), (9e6, "1e+06")])
def test_the_axis_has_ticks_that_can_be_read(most, ticks):
    info = gradient_norms_info(["stem"], [(1, [0.3, most])])
    texts = gradient_norms_data(info, LABELS)["layout"]["yaxis"]["ticktext"]
    assert ticks in texts
    assert len(texts) <= 15
