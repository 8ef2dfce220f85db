"""What the trials of claims come out as with the default seeds, by real runs on the bundled pictures.

On the page the verdict is the visitor's own. These hold, with a margin, that it is a clear one here, so that a lesson
may count on it. No test holds what takes how long: of the claim about time it is held what its runs compute.
"""

from contextlib import closing

import pytest

from tests.lessons.tried import Bench
from tl_core.lessons.claims import CLAIMS
from tl_core.lessons.findings import Finding

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    with closing(Bench(tmp_path_factory.mktemp("claims"))) as bench:
        yield bench.tried


def number(found: Finding, name: str) -> float:
    return found.numbers[name][1]


@pytest.mark.full
def test_raw_pixels_lose_a_tenth_at_least_with_a_network_that_learned_from_others(tried):
    found = tried("no_preprocessing")
    assert found.outcome == "not"
    assert number(found, "high") <= -0.10


@pytest.mark.full
def test_validation_pictures_from_the_same_shelves_promise_more_than_the_test_holds(tried):
    found = tried("validation_is_test")
    assert found.outcome == "not"
    assert number(found, "low") >= 0.08


@pytest.mark.full  # the measured presets hold the like in the ordinary run
def test_the_lowest_block_is_the_worst_extractor_for_photographs_at_full_size(tried):
    found = tried("lowest")
    assert found.outcome == "not"
    assert number(found, "high") <= -0.10
    assert number(found, "lowest") < number(found, "middle") < number(found, "last")


@pytest.mark.full  # the measured presets hold the like in the ordinary run
def test_later_blocks_bring_more_on_photographs_than_on_digits(tried):
    found = tried("similar")
    assert found.outcome == "fits"
    assert number(found, "low") >= 0.05


@pytest.mark.full
def test_vgg16_that_nobody_froze_changes_in_every_block_and_a_frozen_one_in_none(tried):
    found = tried("never_frozen")
    assert (number(found, "as_coded"), number(found, "frozen")) == (5, 0)
    assert found.outcome == "not"


@pytest.mark.full
def test_dividing_by_255_costs_vgg16_s_probe_more_than_chance(tried):
    found = tried("divided")
    assert found.outcome == "not"
    assert number(found, "difference") <= -0.05


@pytest.mark.full
def test_from_scratch_is_ahead_of_frozen_features_on_digits(tried):
    found = tried("higher_than_random")
    assert found.outcome == "not"
    assert number(found, "high") <= -0.08


@pytest.mark.full
def test_frozen_features_are_ahead_of_training_from_scratch_on_photographs(tried):
    found = tried("higher_on_photographs")
    assert found.outcome == "fits"
    assert number(found, "low") >= 0.08


@pytest.mark.full
def test_the_lead_of_transfer_shrinks_where_there_are_many_digits(tried):
    found = tried("large_data")
    assert found.outcome == "not"
    assert number(found, "difference") <= -0.10


@pytest.mark.full
def test_more_pictures_bring_training_and_test_nearer_to_each_other(tried):
    found = tried("overfits")
    assert found.outcome == "not"
    assert number(found, "high") <= -0.08
    assert number(found, "many") > number(found, "few")


def test_nothing_frozen_computes_as_much_an_epoch_as_from_scratch():
    frozen, tuned, scratch = (trial.spec for trial in CLAIMS["saves_time"].sweep().trials()[:3])
    assert tuned.n_frozen == scratch.n_frozen == 0
    assert frozen.n_frozen == 9
    same = {"weights": "", "learning_rate": 0.0, "batchnorm": ""}
    assert {**tuned.to_dict(), **same} == {**scratch.to_dict(), **same}
