"""The map of networks and depths: where each cell stands, what is a gap, which one is framed."""

import json

from tests.experiments.presets.made_up import rows
from tl_core.charts.sweep_map import MapCell, MapInfo, MapLabels, map_data, map_figure, map_info

LABELS = MapLabels("depth", ("¼", "½", "¾", "1"), "block", "interval", "seeds")
ROWS = [
    *rows({"fire2": 0.3, "fire9": 0.5}, "block", n_seeds=1, backbone="squeezenet", image_size=64),
    *rows({"block5": (0.7, 0.9)}, "block", n_seeds=2, backbone="vgg16", image_size=64),
]


def test_each_network_is_a_row_and_each_block_stands_at_its_share_of_the_depth():
    info = map_info(ROWS)
    assert info.rows == ("SqueezeNet 1.1 64 px", "VGG16 64 px")
    assert [(cell.row, cell.column, cell.block) for cell in info.cells] == [
        (0, 0, "fire2"),
        (0, 3, "fire9"),
        (1, 3, "block5"),
    ]
    assert info.best is not None
    assert (info.best.block, info.best.n) == ("block5", 2)
    low, high = info.best.interval or (0.0, 0.0)
    assert low < 0.8 < high
    assert info.cells[0].interval is None


def test_what_has_no_score_keeps_its_row_and_has_no_cell():
    waiting = [{**row, "test_accuracy": None} for row in ROWS]
    assert map_info(waiting) == MapInfo(map_info(ROWS).rows, ())
    assert map_data(map_info(waiting), LABELS)["data"][0]["x"] == []


def test_the_higher_the_stronger_and_the_best_is_framed():
    cells = tuple(MapCell(0, at, f"b{at}", mean, None, 1) for at, mean in enumerate((0.2, 0.4, 0.3)))
    bars, texts = map_data(MapInfo(("net",), cells), LABELS)["data"]
    opacities = [float(colour.rpartition(",")[2].rstrip(")")) for colour in bars["marker"]["color"]]
    assert opacities[0] < opacities[2] < opacities[1]
    assert bars["marker"]["line"]["width"] == [0, 3, 0]
    assert texts["text"] == ["20%", "<b>40%</b>", "30%"]


def test_it_is_a_figure_and_plain_data():
    figure = map_figure(map_info(ROWS), LABELS)
    assert {trace.type for trace in figure.data} == {"bar", "scatter"}
    json.dumps(map_data(map_info(ROWS), LABELS), allow_nan=False)
