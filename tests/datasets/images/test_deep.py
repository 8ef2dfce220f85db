"""Pictures with 16 bits for each value: no level is lost, by whatever rule they are scaled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.images import hostile_images as make
from tl_core.datasets.images.decode import decode_image, decode_picture
from tl_core.datasets.images.deep import value_range
from tl_core.datasets.images.preparation import LEVELS_16, Preparation
from tl_core.errors import ImageError

BITS = (8, 10, 12, 14, 16)
CHANNELS = (1, 2, 3, 4)


def ramp(bits: int, n: int, low: int = 0) -> np.ndarray:
    """Returns all values of so many bits, evenly from dark to bright: uint16 (64, 64, n), opaque."""
    values = np.linspace(low, 2**bits - 1, 64 * 64).round().astype(np.uint16).reshape(64, 64, 1)
    pixels = np.repeat(values, n, axis=2)
    if n in (2, 4):
        pixels[:, :, -1] = 2**bits - 1
    return pixels


@pytest.mark.parametrize("n", CHANNELS)
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("way", ["stated", "spread", "set", "largest"])
def test_a_ramp_of_any_depth_keeps_all_grey_levels_and_its_middle(bits, n, way):
    values, preparation = ramp(bits, n), Preparation(low=0, high=2**bits - 1) if way == "set" else Preparation()
    if way == "spread":  # as the standard has it: the stated bits are the upper ones
        values = values << (16 - bits)
    data = make.deep_png(values, bits if way in ("stated", "spread") else 0)
    picture = decode_picture(data, "a", preparation)
    assert len(np.unique(picture.pixels)) == 256
    assert abs(picture.pixels.mean() - 127) <= 2
    assert (picture.pixels == picture.pixels[:, :, :1]).all()
    told = {"spread": "stated"}.get(way, way) if bits < 16 or way == "set" else "largest"
    assert picture.scale.rule == told


@given(st.data())
def test_each_level_is_the_one_that_arithmetic_says(data):
    low = data.draw(st.integers(0, 60_000))
    high = data.draw(st.integers(low + 255, LEVELS_16 - 1))
    n = data.draw(st.sampled_from(CHANNELS))
    values = np.random.default_rng(low).integers(0, LEVELS_16, (5, 7, n), dtype=np.uint16)
    if n in (2, 4):
        values[:, :, -1] = LEVELS_16 - 1
    image = decode_image(make.deep_png(values), "a", Preparation(low=low, high=high))
    shown = values[:, :, : 3 if n > 2 else 1].astype(int)
    expected = [min(max(value - low, 0) * 256 // (high - low + 1), 255) for value in shown.ravel().tolist()]
    assert (image == np.array(expected).reshape(shown.shape)).all()


def test_few_values_are_spread_over_all_levels():
    values = np.arange(4, dtype=np.uint16).reshape(1, 4, 1)
    assert decode_image(make.deep_png(values), "a")[0, :, 0].tolist() == [0, 85, 170, 255]
    assert decode_image(make.deep_png(np.full((2, 2, 1), 0, np.uint16)), "a").max() == 0


def test_values_that_contradict_what_the_file_states_are_taken_as_spread():
    values = np.array([[[4096], [65535]]], np.uint16)
    picture = decode_picture(make.deep_png(values, 12), "a")
    assert (picture.pixels[0, :, 0].tolist(), picture.scale[:3]) == ([16, 255], ("stated", 0, 65535))


def test_what_a_file_states_goes_before_the_range_of_the_set():
    picture = decode_picture(make.deep_png(ramp(10, 1), 10), "a", Preparation(low=0, high=65535))
    assert picture.scale[:3] == ("stated", 0, 1023)


def test_a_colour_key_is_compared_with_all_its_bits_and_hides_its_values():
    values = np.array([[[4095] * 3, [4094, 0, 0], [60_000, 1, 2]]], np.uint16)
    image = decode_image(make.deep_png(values, key=(60_000, 1, 2)), "a")
    assert image.tolist() == [[[255, 255, 255], [255, 0, 0], [255, 255, 255]]]
    assert decode_image(make.deep_png(values, key=(60_000, 1, 2)), "a", Preparation(ground="black"))[0, 2].max() == 0


def test_alpha_of_fewer_bits_is_opaque_where_it_is_greatest():
    values = np.zeros((1, 2, 4), np.uint16)
    values[0, :, 3] = 4095, 0
    assert decode_image(make.deep_png(values), "a")[0, :, 0].tolist() == [0, 255]


def test_a_large_one_is_reduced_to_the_mean_of_its_levels():
    values = np.zeros((2, 4100, 3), np.uint16)
    values[:, ::2] = 4095
    image = decode_image(make.deep_png(values), "a")
    assert image.shape == (1, 1367, 3)
    assert np.abs(image[:, 1:-1].astype(int) - 127).max() <= 45  # two of three, or one of three, are white


@pytest.mark.parametrize("cut", [0.5, 0.9])
@pytest.mark.parametrize("n", CHANNELS)
def test_a_damaged_one_is_refused(n, cut):
    data = make.deep_png(np.random.default_rng(0).integers(0, LEVELS_16, (40, 40, n), dtype=np.uint16))
    with pytest.raises(ImageError) as caught:
        decode_image(data[: int(len(data) * cut)], "a")
    assert caught.value.code == "image_damaged"


def test_a_statement_that_makes_no_sense_is_passed_over():
    for said in (b"", b"\xff", b"\0"):
        data = make.png(2, 1, 16, 0, b"\0\0\0\x0f\xff", make.chunk(b"sBIT", said))
        assert decode_picture(data, "a").scale[:3] == ("largest", 0, 4095)


def counts(values: list[int]) -> np.ndarray:
    return np.bincount(values, minlength=LEVELS_16)


def test_the_range_of_a_set_reaches_from_its_least_to_its_greatest_value():
    assert value_range(counts([700, 4000, 900])) == (700, 4000)
    assert value_range(counts([5])) == (5, 5)


def test_a_few_values_far_off_do_not_cost_all_others_their_levels():
    plain = list(range(4096)) * 10
    assert value_range(counts([*plain, *[65535] * 15])) == (2, 4095)
    assert value_range(counts([*plain, *[65535] * 2000])) == (0, 65535)  # not so few
    assert value_range(counts([*plain, 8000])) == (0, 8000)  # not so far


def test_the_rare_values_of_a_drawing_are_what_it_shows():
    assert value_range(counts([*[0] * 100_000, 60_000])) == (0, 60_000)
