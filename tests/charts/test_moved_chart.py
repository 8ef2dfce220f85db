import pytest

from tl_core.charts import theme
from tl_core.charts.layer_map import GAP, layer_map_info
from tl_core.charts.moved import MovedLabels, height_px, moved_data, moved_info

LABELS = MovedLabels(
    **{name: name for name in MovedLabels.__dataclass_fields__ if name != "unmoved"}, unmoved="0, frozen"
)
STRIP = layer_map_info(
    [("stem", 3, 900), ("<b>mid</b>", 4, 2500), ("top", 2, 1600), ("out", 1, 100)], ("head", 400), 1, 3
)


def row(block, change, cka, drift=None, **more) -> dict:
    return {"block": block, "relative_change": change, "cka": cka, "mean_drift": drift, **more}


ROWS = [
    row("stem", 0.0, 1.0, 0.0),
    row("<b>mid</b>", 0.02, 0.9, 0.3),
    row("top", 0.5, None, 0.1),
    row("head", 0.9, 0.4),
]


def by_uid(data: dict) -> dict:
    return {trace["uid"]: trace for trace in data["data"]}


def test_every_panel_has_the_geometry_of_the_layer_map():
    info = moved_info(STRIP, ROWS)
    traces = by_uid(moved_data(info, LABELS))
    for measure in info.measures:
        for role in ("frozen", "trainable", "head", "dropped"):
            segments = [one for one in STRIP.segments if one.role == role]
            trace = traces[f"{measure}-{role}"]
            assert trace["x"] == pytest.approx([one.start + one.width / 2 for one in segments])
            assert trace["width"] == pytest.approx([one.width - GAP for one in segments])


def test_the_further_a_block_has_moved_the_stronger_is_its_colour():
    colours = by_uid(moved_data(moved_info(STRIP, ROWS), LABELS))["relative_change-trainable"]["marker"]["color"]
    opacities = [float(colour.rstrip(")").rpartition(",")[2]) for colour in colours]
    assert opacities == sorted(opacities)
    assert colours[0].startswith(theme.translucent(theme.TRAINABLE, 1)[:-2])


def test_what_is_frozen_says_so_and_what_cannot_be_told_has_no_bar():
    traces = by_uid(moved_data(moved_info(STRIP, ROWS), LABELS))
    assert traces["relative_change-frozen"]["customdata"] == [["stem", "0, frozen"]]
    assert traces["cka-trainable"]["y"] == [0.9, None]
    assert traces["cka-trainable"]["customdata"] == [["&lt;b&gt;mid&lt;/b&gt;", "0.90"], ["top", "untold"]]
    assert traces["cka-untold"]["text"] == ["–"]
    assert "0, frozen" in traces["pale"]["text"]


def test_a_frozen_block_that_has_moved_after_all_is_not_called_unmoved():
    rows = [row("stem", 0.3, 0.8), *ROWS[1:]]
    traces = by_uid(moved_data(moved_info(STRIP, rows), LABELS))
    assert "0, frozen" not in traces["pale"]["text"]
    assert traces["relative_change-frozen"]["customdata"] == [["stem", "30%"]]


@pytest.mark.parametrize(
    ("rows", "measures"),
    [
        (ROWS, ("relative_change", "cka", "mean_drift")),
        ([one | {"mean_drift": None} for one in ROWS], ("relative_change", "cka")),
        ([one | {"mean_drift": 0.0} for one in ROWS], ("relative_change", "cka")),
        ([one | {"cka": None, "mean_drift": None} for one in ROWS], ("relative_change",)),
        ([one | {"cka_with_first": 0.5} for one in ROWS], ("relative_change", "cka", "mean_drift", "cka_with_first")),
    ],
    ids=["all", "no BatchNorm", "no drift", "under way", "beside another"],
)
def test_only_what_can_be_told_has_a_panel(rows, measures):
    info = moved_info(STRIP, rows)
    assert info.measures == measures
    layout = moved_data(info, LABELS)["layout"]
    domains = [layout[name]["domain"] for name in sorted(layout) if name.startswith("yaxis")]
    edges = [edge for low, high in reversed(domains) for edge in (low, high)]
    assert edges == sorted(edges)
    assert [note["text"] for note in layout["annotations"]] == list(measures)
    assert height_px(info) > height_px(moved_info(STRIP, rows, measures[:-1])) or len(measures) == 1


def test_rows_of_another_network_are_refused():
    with pytest.raises(ValueError, match="zip"):
        moved_info(STRIP, ROWS[1:])
