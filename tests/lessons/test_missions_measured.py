"""What each mission ends with, measured with real runs on the bundled pictures: the verdict that its words expect."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tl_core.lessons.catalog import lessons
from tl_core.lessons.measures import Result, measured
from tl_core.lessons.mission import NOISE, Mission
from tl_core.store.records import EpochRecord, RunRecord, RunState

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def say(tmp_path_factory) -> Callable[..., dict[str, Any]]:
    """Trains all runs of a mission; returns measure → what it says."""
    from tl_core.engine.worker.device import prepare

    prepare()
    home = tmp_path_factory.mktemp("missions")

    def trained(id: str, seed: int = 0, without: tuple[str, ...] = ()) -> dict[str, Any]:
        mission = lessons().lessons[id].mission
        results = {name: _result(mission, name, seed, home) for name in mission.runs if name not in without}
        return {name: measured(one, results, mission, {}) for name, one in mission.measures.items()}

    return trained


def _result(mission: Mission, name: str, seed: int, home: Path) -> Result:
    from tl_core.engine.worker.tasks.train import TrainingTask

    folder = home / "runs" / f"{mission.id}-{name}-{seed}"
    folder.mkdir(parents=True)
    spec = mission.spec(name).with_changes(seed=seed)
    told = [event.to_dict() for event in TrainingTask(spec, home, folder).run()]
    fields = EpochRecord.__dataclass_fields__
    epochs = [
        EpochRecord(**{key: value for key, value in event.items() if key in fields})
        for event in told
        if event["event"] == "epoch"
    ]
    ended = told[-1]
    assert ended["state"] == "completed", ended
    known = {key: ended[key] for key in ("seconds", "scores", "proof")}
    blank = dict.fromkeys(RunRecord.__dataclass_fields__)
    accuracy = ended["scores"]["accuracy"]
    return Result(RunRecord(**{**blank, **known, "state": RunState.COMPLETED, "test_accuracy": accuracy}), epochs)


@pytest.mark.full
def test_one_photograph_is_few_five_are_many_more_and_beyond_twenty_nothing_is_clearly_gained(say):
    said = say("how-little")
    assert said["from_one_to_five"] >= 0.10
    assert said["larger"] == NOISE


def test_validation_from_the_same_shelves_lies_far_above_the_test(say):
    said = say("validation-test")
    assert said["fruit_gap"] >= 0.15
    assert said["things_gap"] <= 0.08
    assert said["wider"] == "fruit"


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1])
def test_of_three_ways_the_one_with_two_blocks_tuned_is_best(say, seed):
    said = say("three-ways", seed)
    assert (said["winner"], said["start"]) == ("partial", "scratch")
    assert said["ahead"] >= 0.20
    assert said["tuned"] >= 0.02


@pytest.mark.full
def test_no_frozen_block_changes_where_it_is_meant_and_all_do_where_it_is_forgotten(say):
    said = say("said-and-done")
    assert said["changed_frozen"] == 0
    assert said["changed_forgotten"] == 19
    assert said["changed_statistics"] == 19


@pytest.mark.full
def test_kept_features_save_most_of_an_epoch(say):
    said = say("frozen-fast")
    assert said["order"] == ["cached", "plain", "unfrozen"]
    assert said["saved_by_cache"] >= 3


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1])
def test_batchnorm_in_training_mode_spoils_what_the_order_of_head_and_blocks_does_not(say, seed):
    said = say("head-first", seed)
    assert said["batchnorm"] >= 0.10
    assert abs(said["head"]) <= 0.06
    assert said["better"] != "usual"


@pytest.mark.full
def test_imagenet_brings_much_on_fruit_and_little_on_x_rays(say):
    said = say("x-rays")
    assert said["on_fruit"] >= 0.10
    assert abs(said["gain_x_rays"]) <= 0.08


@pytest.mark.full
def test_wrong_pixels_cost_one_network_most_of_what_it_knows_and_another_little(say):
    said = say("wrong-pixels")
    assert said["mobilenet_lost"] >= 0.20
    assert said["lite_lost"] >= 0.10
    assert said["squeezenet_lost"] <= 0.12
    assert said["mobilenet_lost"] - said["squeezenet_lost"] >= 0.10


@pytest.mark.full
def test_the_largest_network_is_not_the_best_on_fruit(say):
    said = say("bigger-better")
    assert said["smallest_largest"] >= 0.03
    assert said["order"][-1] == "vgg"
    assert said["best"] != "vgg"
