from tl_core.charts import theme
from tl_core.charts.timeline import TimelineLabels, height_px, timeline_figure, timeline_info

BLOCKS = [("stem", 9, 1e-5), ("<i>mid</i>", 7, 5e-5), ("top", 6, 1e-4)]
INFO = timeline_info(BLOCKS, ("head", [(1, 2e-3), (6, 2e-4)]), 8)


def test_rows_go_from_the_head_toward_the_cut_and_end_with_the_last_epoch():
    assert [(row.name, row.start, row.n_epochs) for row in INFO.rows] == [
        ("head", 1, 5),
        ("head", 6, 3),
        ("top", 6, 3),
        ("<i>mid</i>", 7, 2),
        ("stem", 9, 0),
    ]
    assert height_px(INFO) > height_px(timeline_info(BLOCKS[:1], ("head", [(1, 1.0)]), 8))


def test_a_bar_covers_the_epochs_of_its_block_and_says_its_rate():
    (bars,) = timeline_figure(INFO, TimelineLabels("epochs", "rate")).data
    assert list(bars.base) == [0.5, 5.5, 5.5, 6.5, 8.5]
    assert list(bars.x) == [5, 3, 3, 2, 0]
    assert list(bars.text) == ["0.002", "0.0002", "0.0001", "5e-05", ""]
    assert list(bars.marker.color) == [theme.HEAD, theme.HEAD, *[theme.TRAINABLE] * 3]
    assert bars.y[3] == "&lt;i&gt;mid&lt;/i&gt;"
