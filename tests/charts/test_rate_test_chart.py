from tl_core.charts.rate_test import RateTestInfo, RateTestLabels, rate_test_figure, rate_test_info

LABELS = RateTestLabels("rate", "loss", "careful", "bold", "now")
RATES, LOSSES, SMOOTHED = (1e-4, 1e-2, 1.0), (3.0, 1.0, 9.0), (3.0, 2.0, 5.0)


def test_a_proposed_rate_lies_on_the_curve_also_between_two_that_were_tried():
    info = rate_test_info(RATES, LOSSES, SMOOTHED, 1e-2, 1e-4, 2e-3)
    assert info == RateTestInfo(RATES, LOSSES, SMOOTHED, ((1e-2, 2.0), (1e-4, 3.0)), 2e-3)
    assert rate_test_info(RATES, LOSSES, SMOOTHED, 1e-3, None, 2e-3).proposed[0][1] == 2.5  # half way, as it is drawn


def test_points_line_the_rate_set_now_and_both_proposals_are_drawn_over_powers_of_ten():
    figure = rate_test_figure(rate_test_info(RATES, LOSSES, SMOOTHED, 1e-2, 1e-3, 2e-3), LABELS)
    assert figure.layout.xaxis.type == "log"
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["now", "careful", "bold"]
    assert len({trace.marker.symbol for trace in figure.data[3:]}) == 2
    now = figure.data[2]
    assert set(now.x) == {2e-3}
    assert min(now.y) < min(SMOOTHED) < max(SMOOTHED) < max(now.y)


def test_a_curve_without_a_proposal_has_none():
    figure = rate_test_figure(rate_test_info(RATES, LOSSES, SMOOTHED, None, None, 2e-3), LABELS)
    assert len(figure.data) == 3
