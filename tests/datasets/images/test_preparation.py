"""What is decided for the pictures of a data set, as it is kept and read again."""

import pytest

from tl_core.datasets.images.preparation import PLAIN, Preparation

OTHER = Preparation("fit", "grey", 3, 4095)


def test_the_usual_way_takes_no_room():
    assert (PLAIN.to_dict(), Preparation.from_dict({})) == ({}, PLAIN)
    assert Preparation("fit").to_dict() == {"framing": "fit"}


@pytest.mark.parametrize("one", [PLAIN, OTHER, Preparation(ground="black"), Preparation(low=0, high=0)])
def test_it_is_read_as_it_was_kept(one):
    assert Preparation.from_dict(one.to_dict()) == one


@pytest.mark.parametrize(
    "said",
    [
        {"framing": "stretch"},
        {"ground": "red"},
        {"low": 3},
        {"low": 9, "high": 3},
        {"low": -1, "high": 3},
        {"low": 0, "high": 65536},
        {"low": 0.0, "high": 1.0},
        {"low": True, "high": True},
        {"ground": []},
        {"size": 3},
    ],
)
def test_anything_else_is_refused(said):
    with pytest.raises((TypeError, ValueError)):
        Preparation.from_dict(said)
