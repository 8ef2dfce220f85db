from tl_core.charts import theme
from tl_core.charts.reliability import ReliabilityBin, ReliabilityLabels, reliability_figure, reliability_info

LABELS = ReliabilityLabels("sure", "right", "as trained", "scaled", "pictures")
EMPTY = {"low": 0.0, "high": 0.5, "n": 0, "confidence": None, "accuracy": None, "interval": None}
FULL = {"low": 0.5, "high": 1.0, "n": 4, "confidence": 0.9, "accuracy": 0.75, "interval": [0.3, 0.95]}
INFO = reliability_info([EMPTY, FULL], [FULL | {"confidence": 0.8}, EMPTY], "baseline")


def test_bins_without_pictures_are_a_gap():
    assert INFO.bins == (ReliabilityBin(0.5, 1.0, 4, 0.9, 0.75, (0.3, 0.95)),)
    assert [bin.confidence for bin in INFO.scaled] == [0.8]


def test_a_bar_stands_in_its_bin_with_its_interval_and_scaled_points_where_they_were_promised():
    bars, diagonal, points, counts = reliability_figure(INFO, LABELS).data
    assert (bars.x, bars.y, counts.y) == ((0.75,), (0.75,), (4,))
    assert (bars.y[0] + bars.error_y.array[0], bars.y[0] - bars.error_y.arrayminus[0]) == (0.95, 0.3)
    assert (diagonal.x, diagonal.y) == ((0, 1), (0, 1))
    assert (points.x, points.y) == ((0.8,), (0.75,))
    assert bars.marker.line.color == theme.BASELINE.colour
    assert bars.hovertext == ("sure: 90%<br>right: 75%<br>pictures: 4",)
