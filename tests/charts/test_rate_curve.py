from tl_core.charts.rates import RatesInfo, RatesLabels, rates_figure, rates_info


def test_the_line_keeps_each_rate_until_the_next_and_ends_with_the_last_epoch():
    info = rates_info([(0.0, 0.1), (0.5, 0.05)], 1)
    assert info == RatesInfo((0.0, 0.5), (0.1, 0.05), 1)
    figure = rates_figure(info, RatesLabels("epochs", "rate"))
    (line,) = figure.data
    assert (line.x, line.y, line.line.shape) == ((0.0, 0.5, 1), (0.1, 0.05, 0.05), "hv")
    assert figure.layout.xaxis.title.text == "epochs"
    assert "rate" in line.hovertemplate
