import numpy as np
import pytest

from tl_core.evaluation.insight.explanations import strongest, told
from tl_core.evaluation.insight.relevance import intensities, peak, rank_correlation, zone_shares


def test_intensities_are_multiples_of_the_average_of_what_speaks_for_the_class():
    signed = np.array([[3.0, -5.0], [1.0, 0.0]])
    assert intensities(signed).tolist() == [[3.0, 0.0], [1.0, 0.0]]  # the average of 3, 0, 1, 0 is 1
    assert intensities(signed * 1e-6) == pytest.approx(intensities(signed))
    assert intensities(np.full((3, 3), -1.0)).tolist() == np.zeros((3, 3)).tolist()


def test_each_ninth_of_the_picture_has_its_share_of_the_map():
    one_place = np.zeros((6, 6))
    one_place[5, 0] = 7.0
    np.testing.assert_allclose(zone_shares(one_place), [[0, 0, 0], [0, 0, 0], [1, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(zone_shares(np.ones((5, 7))), np.full((3, 3), 1 / 9))
    shared = np.zeros((2, 2))  # its left upper place covers the rows 0 to 1/2: two thirds of it lie in the first third
    shared[0, 0] = 1.0
    np.testing.assert_allclose(zone_shares(shared), np.outer([2 / 3, 1 / 3, 0], [2 / 3, 1 / 3, 0]))
    assert not zone_shares(np.zeros((4, 4))).any()


def test_the_peak_is_told_from_the_left_and_from_the_top():
    weights = np.zeros((4, 8))
    weights[1, 6] = 1.0
    assert peak(weights) == (6.5 / 8, 1.5 / 4)


def test_the_rank_correlation_is_that_of_the_ranks_and_there_is_none_with_a_constant():
    one, other = np.array([[1.0, 5, 2], [9, 4, 7]]), np.array([[10.0, 20, 30], [60, 40, 50]])
    # ranks 1 4 2 6 3 5 and 1 2 3 6 4 5: differences 0 2 −1 0 −1 0, 1 − 6·6 / (6·35)
    assert rank_correlation(one, other) == pytest.approx(1 - 6 * 6 / (6 * 35))
    assert rank_correlation(one, -(one**3)) == pytest.approx(-1)
    assert rank_correlation(one, np.ones((2, 3))) is None


def test_what_is_told_of_a_map_is_plain_data():
    signed = np.array([[2.0, -1.0], [0.0, 2.0]])
    said = told(signed, np.array([1.0, 1.0]), 1, method="gradcam", block="top", channels=np.array([-1.0, 3.0, 1.0]))
    assert (said["target"], said["predicted"], said["probability"]) == (1, 0, 0.5)
    assert said["cells"] == [[2.0, 0.0], [0.0, 2.0]]
    assert said["channels"] == [{"channel": 1, "share": 0.75}, {"channel": 2, "share": 0.25}]
    losses = told(signed / 10, np.array([1.0, 1.0]), 0, method="occlusion", block="")
    assert losses["cells"] == [[0.2, -0.1], [0.0, 0.2]]  # as they are, also what the class gains
    assert losses["channels"] == []


def test_channels_that_add_nothing_are_not_told():
    assert strongest(np.array([0.0, -2.0])) == []
    assert [one["channel"] for one in strongest(np.arange(10.0))] == [9, 8, 7, 6, 5, 4]
