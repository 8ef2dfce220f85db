"""Claims on trial: each has its words and an experiment that can be run, and is found again by what it asks."""

import json

import pytest

from tests.lessons.recorded import seeds
from tl_core.lessons.claims import CLAIMS, VOTES
from tl_core.lessons.findings import Finding
from tl_core.phrases import LANGUAGES, fields, keys
from tl_core.planning.recipes import RECIPES

TRIED = [claim for claim in CLAIMS.values() if not claim.is_fact]
MOST_TRIALS = 20


def test_all_claims_of_the_five_programs_are_there():
    assert list(CLAIMS) == [
        *("large_data", "saves_time", "never_frozen", "similar", "lowest", "higher_than_random"),
        *("higher_on_photographs", "sixteen"),
        *("validation_is_test", "no_preprocessing", "divided", "overfits"),
    ]
    assert {claim.source for claim in CLAIMS.values()} <= set(RECIPES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_and_every_arm_has_its_words(language):
    needed = {f"claim.{id}.{name}" for id in CLAIMS for name in ("quote", "experiment", "found", "limits")}
    needed |= {f"claim.{claim.id}.arm.{arm}" for claim in TRIED for arm in claim.arms}
    needed |= {f"claims.{vote}" for vote in VOTES}
    assert needed - keys(language) == set()


@pytest.mark.parametrize("claim", TRIED, ids=lambda claim: claim.id)
def test_an_experiment_is_small_enough_for_a_lesson_and_all_its_runs_can_be_planned(claim):
    trials = claim.sweep().trials()
    assert len(trials) == len(claim.arms) * claim.n_seeds <= MOST_TRIALS
    assert {trial.spec.seed for trial in trials} == set(range(claim.n_seeds))


@pytest.mark.parametrize("claim", TRIED, ids=lambda claim: claim.id)
def test_an_experiment_is_found_again_by_what_it_asks_whatever_was_voted(claim):
    kept = json.loads(json.dumps(claim.sweep("not").to_dict()))
    assert [one.id for one in CLAIMS.values() if one.is_tried_by(kept)] == [claim.id]
    assert claim.is_tried_by(kept | {"seeds": [0, 1, 2, 3]})
    assert not claim.is_tried_by(kept | {"base": {**kept["base"], "image_size": 224}})
    assert kept["prediction"] == "not"


@pytest.mark.parametrize("claim", TRIED, ids=lambda claim: claim.id)
def test_runs_are_sorted_by_arm_and_seed_and_those_under_way_are_left_out(claim):
    names = list(claim.arms)
    rows = [
        {"seed": seed, "run_id": f"{name}-{seed}", "state": "running" if name == names[0] else "completed"}
        for seed in range(claim.n_seeds)
        for name in names
    ]
    found = claim.results(rows, lambda run_id: run_id)
    assert found == {
        name: {} if name == names[0] else {n: f"{name}-{n}" for n in range(claim.n_seeds)} for name in names
    }


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_what_is_found_has_all_numbers_that_its_sentence_names(claim):
    runs = {
        name: seeds(0.4 + 0.1 * at, max(2, claim.n_seeds), at, epoch_s=1.0 + at) for at, name in enumerate(claim.arms)
    }
    found = claim.judge(runs)
    assert found is not None
    assert fields("en", f"claim.{claim.id}.found") <= set(found.numbers)


def test_vgg16_has_thirteen_convolutional_layers():
    found = CLAIMS["sixteen"].judge({})
    assert found == Finding("not", {"convolutional": ("count", 13.0), "claimed": ("count", 16.0)})
    assert fields("en", "claim.sixteen.found") == set(found.numbers)
