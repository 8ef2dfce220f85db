"""Shifted pictures: what changes, what does not, and that it is the same each time."""

import numpy as np
import pytest

from tl_core.evaluation.shifts import CLEAN, NOISE, SHIFTS, shifted

PICTURES = np.random.default_rng(0).integers(60, 200, (4, 32, 32, 3), np.uint8)
NUMBERS = np.array([3, 8, 11, 40])


@pytest.mark.parametrize("kind", [CLEAN, *SHIFTS])
def test_they_are_pictures_of_the_same_size_and_the_same_each_time(kind):
    before = PICTURES.copy()
    once = shifted(PICTURES, NUMBERS, kind)
    assert (once.dtype, once.shape) == (np.uint8, PICTURES.shape)
    assert np.array_equal(once, shifted(PICTURES, NUMBERS, kind))
    assert np.array_equal(PICTURES, before)
    assert np.array_equal(once, PICTURES) == (kind == CLEAN)


@pytest.mark.parametrize("kind", list(SHIFTS))
def test_a_picture_is_shifted_alike_whichever_stand_beside_it(kind):
    together, alone = shifted(PICTURES, NUMBERS, kind), shifted(PICTURES[2:3], NUMBERS[2:3], kind)
    assert np.array_equal(together[2:3], alone)


def test_blur_takes_detail_and_keeps_the_mean():
    found = shifted(PICTURES, NUMBERS, "blur").astype(float)
    assert found.std() < 0.6 * PICTURES.std()
    assert found.mean() == pytest.approx(PICTURES.mean(), abs=1)


def test_noise_is_as_strong_as_it_is_said_to_be():
    added = shifted(PICTURES, NUMBERS, "noise").astype(float) - PICTURES
    assert added.std() == pytest.approx(NOISE, rel=0.05)
    assert not np.array_equal(added[0], added[1])


def test_grey_has_no_colour_and_another_hue_is_as_bright():
    found = shifted(PICTURES, NUMBERS, "grey")
    assert np.array_equal(found[..., 0], found[..., 2])
    red = np.full((1, 8, 8, 3), (200, 20, 20), np.uint8)
    turned = shifted(red, NUMBERS[:1], "hue")
    assert turned.max() == 200
    assert turned[0, 0, 0].argmax() == 1  # a quarter of the circle on from red lies yellow-green
