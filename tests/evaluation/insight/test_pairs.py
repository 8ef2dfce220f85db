import math

import pytest
from judged_runs import judged, said

from tl_core.errors import InputError
from tl_core.evaluation.insight.pairs import answer


def pair(both: int, first: int, second: int, neither: int) -> dict:
    """Returns the answer about two runs of which both are right on so many pictures, only the first on so many, …"""
    n = both + first + second + neither
    right = [[1] * (both + first) + [0] * (second + neither), [1] * both + [0] * first + [1] * second + [0] * neither]
    runs = [judged(said([0] * n, [1 - one for one in marks], 3), id=str(at)) for at, marks in enumerate(right)]
    return answer(runs)


def test_every_picture_is_in_one_of_four_groups():
    told = pair(4, 3, 1, 2)
    assert [(one["group"], one["n"], one["share"]) for one in told["groups"]] == [
        ("both", 4, 0.4),
        ("only_first", 3, 0.3),
        ("only_second", 1, 0.1),
        ("neither", 2, 0.2),
    ]
    assert [one["images"] for one in told["groups"]] == [[0, 1, 2, 3], [4, 5, 6], [7], [8, 9]]
    assert told["accuracies"] == [0.7, 0.5]
    assert told["predicted"][0] == [0] * 7 + [1] * 3


def test_the_difference_and_its_interval_agree_with_a_calculation_by_hand():
    told = pair(4, 3, 1, 2)
    centre, half = 2 / 12, 1.959964 * math.sqrt((5 - 2**2 / 12) / 12**2)  # half a picture in each cell
    assert told["difference"] == pytest.approx(0.2)
    assert told["interval"] == pytest.approx([centre - half, centre + half])


@pytest.mark.parametrize(("first", "second"), [(3, 1), (1, 3), (9, 2), (5, 5), (0, 0), (0, 6), (40, 21)])
def test_mcnemars_test_is_the_tail_of_a_coin_that_was_thrown_as_often(first, second):
    n, fewer = first + second, min(first, second)
    tail = sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
    assert pair(10, first, second, 5)["p"] == pytest.approx(min(1, 2 * tail), rel=1e-12)


def test_runs_with_other_test_pictures_cannot_be_paired():
    one = judged(said([0, 1, 2], [0, 1, 2], 3))
    others = (
        judged(said([0, 1], [0, 1], 3), id="fewer"),
        judged(said([0, 1, 1], [0, 1, 2], 3), id="others"),
        judged(said([0, 1, 2], [0, 1, 2], 3), classes="abd", id="named"),
    )
    for other in others:
        with pytest.raises(InputError) as refused:
            answer([one, other])
        assert refused.value.code == "pairs_differ"
