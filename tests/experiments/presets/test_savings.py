"""What may be said of the seconds of an epoch, from made-up ones."""

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence

SAVINGS = PRESETS["savings"]


def timed(unfrozen: tuple, plain: tuple, cached: tuple) -> list[dict]:
    """Returns rows whose epochs took so many seconds with each seed."""
    ways = {"unfrozen": unfrozen, "plain": plain, "cached": cached}
    given = rows(dict.fromkeys(ways, 0.5), "way", n_seeds=3)
    return [{**row, "epoch_s": ways[row["way"]][row["seed"]]} for row in given]


def test_the_three_ways_differ_only_in_what_is_frozen_and_kept():
    unfrozen, plain, cached = (trial.spec for trial in SAVINGS.sweep({"epochs": 50}, 1).trials())
    assert (unfrozen.n_frozen, plain.n_frozen, cached.n_frozen) == (0, 19, 19)
    assert (plain.use_cache, cached.use_cache) == (False, True)
    assert plain.with_changes(use_cache=True) == cached
    assert {spec.epochs for spec in (unfrozen, plain, cached)} == {4}


def test_times_are_told_as_ratios_with_their_intervals():
    given = timed((6.0, 6.1, 6.2), (2.0, 2.1, 2.05), (0.1, 0.101, 0.102))
    said = SAVINGS.answer(given)
    assert said is not None
    assert [one.code for one in (said, *said.more)] == ["savings_plain", "savings_unfrozen"]
    assert said.values["times"] == "20"
    assert float(said.values["low"]) <= 20 <= float(said.values["high"])
    assert "takes 20 times as long as one that reads it from the cache" in sentence("savings", said, "en")
    assert SAVINGS.verdict(given) == "much"


def test_what_is_not_longer_for_sure_is_noise():
    said = SAVINGS.answer(timed((6.0, 6.1, 6.2), (0.1, 0.2, 0.05), (0.1, 0.1, 0.12)))
    assert said is not None
    assert (said.code, said.values["way"]) == ("savings_noise", "plain")


@pytest.mark.parametrize(
    ("plain", "choice"), [((0.2, 0.21, 0.205), "little"), ((2.0, 2.1, 2.05), "much"), ((1.0, 1.2, 0.9), None)]
)
def test_a_prediction_is_right_where_the_interval_lies_on_one_side_of_ten_times(plain, choice):
    assert SAVINGS.verdict(timed((3.0, 3.1, 3.2), plain, (0.1, 0.101, 0.102))) == choice


def test_without_seconds_nothing_is_said():
    given = [{**row, "epoch_s": None} for row in timed((1, 1, 1), (1, 1, 1), (1, 1, 1))]
    assert SAVINGS.answer(given) is None
    assert SAVINGS.verdict(given) is None
