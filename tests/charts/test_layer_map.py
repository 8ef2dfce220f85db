import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.charts.layer_map import (
    COLOURS,
    PATTERNS,
    LayerMapInfo,
    Segment,
    layer_map_info,
    segment_widths,
)

BLOCKS = [("stem", 3, 900), ("middle", 8, 3_600), ("top", 2, 8_100)]
HEAD = ("head", 0)


def test_segments_follow_the_cut():
    info = layer_map_info(BLOCKS, HEAD, 2)
    assert [segment.role for segment in info.segments] == ["frozen", "frozen", "trainable", "head"]
    assert info.cut == info.segments[2].start


def test_blocks_may_be_frozen_behind_the_cut():
    info = layer_map_info(BLOCKS, HEAD, 1, further={3})
    assert [segment.role for segment in info.segments] == ["frozen", "trainable", "frozen", "head"]
    assert info.cut == info.segments[1].start


def test_equal_blocks_share_the_strip_equally():
    assert layer_map_info([("a", 1, 50), ("b", 2, 50), ("c", 3, 50)], ("head", 50), 1) == LayerMapInfo(
        (
            Segment("a", 1, 50, "frozen", 0.0, 0.25),
            Segment("b", 2, 50, "trainable", 0.25, 0.25),
            Segment("c", 3, 50, "trainable", 0.5, 0.25),
            Segment("head", None, 50, "head", 0.75, 0.25),
        ),
        0.25,
    )


def test_a_width_grows_with_the_square_root_of_the_parameters():
    small, middle, large, none = segment_widths([900, 3_600, 8_100, 0])
    assert none == pytest.approx(0.015)
    assert (middle - none) / (small - none) == pytest.approx(2)
    assert (large - none) / (small - none) == pytest.approx(3)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=120))
def test_widths_fill_the_strip_and_none_vanishes(params):
    widths = segment_widths(params)
    assert math.fsum(widths) == pytest.approx(1)
    assert min(widths) >= min(0.0149, 0.499 / len(params))


@pytest.mark.parametrize(("n_frozen", "cut"), [(0, 0.0), (3, 0.985)])
def test_the_cut_may_lie_before_the_first_and_after_the_last_block(n_frozen, cut):
    info = layer_map_info(BLOCKS, HEAD, n_frozen)
    assert info.cut == pytest.approx(cut)


@pytest.mark.parametrize("n_frozen", [-1, 4])
def test_more_frozen_blocks_than_there_are_is_refused(n_frozen):
    with pytest.raises(ValueError, match="0 to 3"):
        layer_map_info(BLOCKS, HEAD, n_frozen)


def test_each_role_has_a_colour_and_a_pattern_of_its_own():
    assert len(set(COLOURS.values())) == len(set(PATTERNS.values())) == len(COLOURS) == 4


def test_what_a_head_inside_the_network_leaves_out_comes_after_it():
    info = layer_map_info(BLOCKS, HEAD, 1, head_at=2)
    assert [(one.name, one.role) for one in info.segments] == [
        ("stem", "frozen"),
        ("middle", "trainable"),
        ("head", "head"),
        ("top", "dropped"),
    ]
    with pytest.raises(ValueError, match="0 to 2"):
        layer_map_info(BLOCKS, HEAD, 3, head_at=2)
