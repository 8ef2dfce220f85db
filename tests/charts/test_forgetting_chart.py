import plotly.graph_objects as go

from tl_core.charts.forgetting import ForgettingInfo, ForgettingLabels, forgetting_data, forgetting_info

LABELS = ForgettingLabels("Epoch", "Accuracy", "now", "before")


def test_an_epoch_that_was_not_asked_has_no_point():
    info = forgetting_info([(1, 0.9), (2, None), (3, 0.4)], 0.95)
    assert info == ForgettingInfo(((1, 0.9), (3, 0.4)), 0.95)
    drawn = go.Figure(forgetting_data(info, LABELS)).data
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in drawn] == [
        ("now", [1, 3], [0.9, 0.4]),
        ("before", [1, 3], [0.95, 0.95]),
    ]
    assert drawn[0].line.color != drawn[1].line.color


def test_where_it_is_not_known_what_the_source_could_there_is_no_line_of_it():
    assert len(forgetting_data(forgetting_info([(1, 0.9)], None), LABELS)["data"]) == 1
    assert len(forgetting_data(forgetting_info([(1, None)], 0.9), LABELS)["data"]) == 1
