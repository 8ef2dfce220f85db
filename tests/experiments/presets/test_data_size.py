"""What few and many pictures may say, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.datasets.catalog import DATASETS
from tl_core.errors import InputError
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence
from tl_core.experiments.sweep import Sweep
from tl_core.models.catalog import backbone_info

SIZE = PRESETS["data-size"]
SIZE_ARMS = ("frozen", "tuned", "scratch")


def frozen(levels: dict, **more: Any) -> list[dict]:
    return rows(levels, "per_class", arm="frozen", **more)


def said(levels: dict, **more: Any) -> Answer:
    answer = SIZE.answer(frozen(levels, **more))
    assert answer is not None
    return answer


def sizes(sweep: Sweep) -> list:
    return list(dict.fromkeys(cell.factors["per_class"] for cell in sweep.cells))


@pytest.mark.parametrize("dataset", ["groceries", "cifar10-small", "mnist-small", "chest-xray-small"])
def test_there_are_as_many_pictures_a_class_as_is_said(dataset):
    info = DATASETS[dataset]
    sweep = SIZE.sweep({"dataset": dataset}, 2)
    assert sizes(sweep)[:4] == [1, 2, 5, 10]
    assert all(size * len(info.classes) <= info.n_train for size in sizes(sweep))
    assert all(trial.spec.per_class == trial.factors["per_class"] for trial in sweep.trials())


def test_the_probe_comes_alone_unless_others_are_asked_for():
    assert {cell.factors["arm"] for cell in SIZE.sweep({}, 1).cells} == {"frozen"}
    sweep = SIZE.sweep({"arms": "scratch, frozen"}, 1)
    assert [cell.factors["arm"] for cell in sweep.cells[:3]] == ["frozen", "scratch", "frozen"]
    with pytest.raises(InputError) as caught:
        SIZE.sweep({"arms": ["frozen", "melted"]}, 1)
    assert caught.value.code == "bad_arms"


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "squeezenet"])
def test_each_arm_trains_what_its_name_says(backbone):
    given = {"arms": SIZE_ARMS, "backbone": backbone, "dataset": "cifar10-small", "freeze": 1, "head": "dense"}
    trials = SIZE.sweep(given, 1).trials()
    n_blocks = backbone_info(backbone).n_blocks
    for trial in trials:
        spec = trial.spec
        expected = {
            "frozen": (n_blocks, "pretrained", True, 1),
            "tuned": (n_blocks - 2, "pretrained", False, 2),
            "scratch": (0, "random", False, 1),
        }[str(trial.factors["arm"])]
        assert (spec.n_frozen, spec.weights, spec.is_fitted, spec.phases) == expected


def test_few_pictures_do_not_mean_little_training():
    trials = SIZE.sweep({"arms": ("tuned",), "dataset": "cifar10-small"}, 1).trials()
    for trial in trials:
        n_steps = -(-10 * (trial.spec.per_class or 0) // trial.spec.batch_size)
        assert trial.spec.head_epochs * n_steps >= 100
        assert trial.spec.epochs * n_steps >= 60


def test_a_curve_that_levels_off_says_from_where_on_and_what_may_be_left():
    answer = said({1: 0.35, 2: 0.51, 5: 0.6, 10: 0.682, 20: 0.684})
    assert (answer.code, answer.values["few"], answer.values["many"]) == ("size_levels", 2, 20)
    assert answer.values["difference"] == pytest.approx(0.174, abs=0.005)
    assert (answer.values["enough"], answer.values["largest"]) == (10, 20)
    assert 0 < answer.values["most"] < 0.02


def test_a_curve_that_grows_to_the_end_says_so():
    answer = said({1: 0.26, 2: 0.33, 5: 0.47, 10: 0.56, 20: 0.63, 50: 0.67})
    assert (answer.code, answer.values["enough"], answer.values["largest"]) == ("size_grows", 50, 50)
    assert answer.values["difference"] == pytest.approx(0.3, abs=0.01)


def test_a_gain_that_chance_explains_is_not_claimed_and_neither_is_a_loss():
    assert said({2: [0.5, 0.4, 0.6], 20: [0.4, 0.6, 0.5]}, n_seeds=3).code == "size_noise"
    assert said({2: 0.6, 20: 0.5}).code == "size_noise"
    assert said({2: 0.5, 20: 0.7}, wiggle=0).code == "size_noise"


def test_without_2_and_20_the_ends_are_compared():
    answer = said({1: 0.3, 5: 0.5, 10: 0.6})
    assert (answer.values["few"], answer.values["many"]) == (1, 10)


def test_too_little_allows_no_answer():
    assert SIZE.answer(frozen({2: 0.5, 20: 0.6}, n_seeds=1)) is None
    assert SIZE.answer(frozen({2: 0.5})) is None
    assert SIZE.answer([]) is None
    assert SIZE.verdict([]) is None


@pytest.mark.parametrize(
    ("scratch", "tuned", "codes"),
    [
        (0.2, 0.75, ["arm_better", "arm_worse"]),
        (0.7, 0.7, ["arm_noise", "arm_noise"]),
        ([0.5, 0.9, 0.7, 0.6, 0.8], 0.75, ["arm_better", "arm_noise"]),
    ],
)
def test_other_arms_are_compared_at_the_largest_number(scratch, tuned, codes):
    given = frozen({2: 0.5, 20: 0.7})
    given += rows({2: 0.5, 20: tuned}, "per_class", arm="tuned", shift=1)
    given += rows({2: 0.1, 20: scratch}, "per_class", arm="scratch", shift=2)
    answer = SIZE.answer(given)
    assert answer is not None
    assert [one.code for one in answer.more] == codes
    assert all(one.values["size"] == 20 for one in answer.more)
    assert "Last two blocks tuned" in sentence("data-size", answer, "en")
    assert sentence("data-size", answer, "zh").startswith("冻结：")


@pytest.mark.parametrize(
    ("few", "many", "choice"),
    [(0.4, 0.6, "much"), (0.55, 0.6, "little"), (0.5, 0.602, None), (0.7, 0.6, None)],
)
def test_the_whole_interval_has_to_lie_on_one_side(few, many, choice):
    assert SIZE.verdict(frozen({2: few, 20: many})) == choice
