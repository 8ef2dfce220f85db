"""What the probe at every block may say, from made-up scores."""

from typing import Any

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.errors import UnknownIdError
from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.models.catalog import backbone_info, backbones

DEPTH = PRESETS["depth"]


def said(n_seeds: int = 5, wiggle: float = 1.0, **levels: Any) -> Answer:
    answer = DEPTH.answer(rows(levels, "block", n_seeds, wiggle))
    assert answer is not None
    return answer


def judged(n_seeds: int = 5, wiggle: float = 1.0, **levels: Any) -> str | None:
    return DEPTH.verdict(rows(levels, "block", n_seeds, wiggle))


@pytest.mark.parametrize("backbone", backbones())
def test_there_is_a_probe_behind_every_block_of_the_backbone(backbone):
    sweep = DEPTH.sweep({"backbone": backbone}, 2)
    trials, info = sweep.trials(), backbone_info(backbone)
    assert [trial.factors["block"] for trial in trials] == [block.name for block in info.blocks] * 2
    assert [info.n_used(trial.spec.head_at) for trial in trials[: info.n_blocks]] == list(range(1, info.n_blocks + 1))
    assert all(trial.spec.n_frozen == info.n_used(trial.spec.head_at) and trial.spec.is_fitted for trial in trials)


def test_seeds_draw_other_pictures():
    assert DEPTH.sweep({}, 3).base["per_class"] == 50
    assert DEPTH.sweep({"dataset": "groceries"}, 3).base["per_class"] == 20
    assert DEPTH.sweep({"per_class": None}, 3).base["per_class"] == 50
    assert DEPTH.sweep({"image_size": None, "head_at": "stem"}, 3).base["image_size"] == 96


def test_what_is_asked_of_comes_before_what_is_usual():
    sweep = DEPTH.sweep({"dataset": "groceries", "image_size": 96, "per_class": 5, "head": "dense", "n_frozen": 1}, 1)
    assert {trial.spec.image_size for trial in sweep.trials()} == {96}
    assert {trial.spec.per_class for trial in sweep.trials()} == {5}
    assert {trial.spec.is_fitted for trial in sweep.trials()} == {True}


def test_an_unknown_backbone_is_refused():
    with pytest.raises(UnknownIdError):
        DEPTH.sweep({"backbone": "nothing"}, 1)


def test_a_block_inside_that_beats_the_last_one_is_named_with_its_lead():
    answer = said(stem=0.3, mid=0.7, late=0.72, top=0.65)
    assert answer.code == "depth_inside"
    assert (answer.values["block"], answer.values["last"], answer.values["n"]) == ("late", "top", 3)
    assert answer.values["difference"] == pytest.approx(0.07, abs=0.005)
    assert 0 < answer.values["low"] < answer.values["difference"] < answer.values["high"]


def test_a_lead_that_chance_explains_is_not_claimed():
    noisy = [0.70, 0.60, 0.68, 0.62, 0.69]
    answer = said(stem=0.3, mid=noisy, top=0.64)
    assert answer.code == "depth_last"


def test_a_lead_that_only_the_best_of_many_has_is_not_claimed():
    lucky = [0.51, 0.54, 0.53, 0.56, 0.52]
    assert said(stem=lucky, top=0.5).code == "depth_inside"
    many: dict[str, Any] = {f"block_{n}": 0.5 for n in range(12)}
    assert said(**many, lucky=lucky, top=0.5).code == "depth_noise"


def test_where_early_blocks_are_worse_it_says_from_where_on_nothing_is_lost():
    answer = said(stem=0.3, low=0.5, mid=0.65, late=0.651, top=0.652)
    assert answer.code == "depth_last"
    assert (answer.values["block"], answer.values["first_even"]) == ("stem", "mid")
    assert answer.values["difference"] == pytest.approx(0.352, abs=0.01)
    assert 0 < answer.values["low"] < answer.values["high"]


def test_a_block_that_alone_would_be_seen_to_lose_is_not_called_even():
    """Corrected for many blocks it is within noise; that nothing is lost there would still say too much."""
    close = [0.49, 0.46, 0.47, 0.44, 0.48]
    levels: dict[str, Any] = {f"block_{n}": 0.3 + n / 100 for n in range(12)}
    answer = said(**levels, close=close, top=0.5)
    assert (answer.code, answer.values["last"]) == ("depth_last_alone", "top")


def test_where_only_a_block_between_is_worse_the_last_one_is_compared_with_that():
    answer = said(stem=0.65, dip=0.4, top=0.65)
    assert (answer.code, answer.values["block"]) == ("depth_last_alone", "dip")


def test_little_that_is_sure_is_the_same_and_little_that_is_not_is_noise():
    assert said(stem=0.65, mid=0.65, top=0.65).code == "depth_same"
    assert said(stem=0.65, mid=0.65, top=0.65, wiggle=20).code == "depth_noise"


def test_seeds_that_change_nothing_allow_no_sentence():
    assert said(stem=0.3, mid=0.5, top=0.7, wiggle=0).code == "no_spread"


def test_two_seeds_are_enough_and_one_is_not():
    assert said(2, stem=0.3, top=0.7, wiggle=0.1).code == "depth_last_alone"
    assert DEPTH.answer(rows({"stem": 0.3, "top": 0.7}, "block", 1)) is None
    assert DEPTH.verdict(rows({"stem": 0.3, "top": 0.7}, "block", 1)) is None


def test_a_failed_block_leaves_the_others_and_a_failed_last_one_leaves_nothing():
    given = rows({"stem": 0.3, "mid": 0.5, "top": 0.7}, "block")
    for failed, code in (("mid", "depth_last_alone"), ("top", None)):
        gone = [row | {"test_accuracy": None, "state": "failed"} if row["block"] == failed else row for row in given]
        answer = DEPTH.answer(gone)
        assert (answer and answer.code) == code


@pytest.mark.parametrize(
    ("levels", "wiggle", "choice"),
    [
        ({"stem": 0.3, "mid": 0.8, "top": 0.7}, 1, "inside"),
        ({"stem": 0.3, "mid": 0.6, "top": 0.7}, 1, "last"),
        ({"stem": 0.7, "mid": 0.7, "top": 0.7}, 1, "same"),
        ({"stem": 0.7, "mid": 0.7, "top": 0.7}, 20, None),
        ({"stem": 0.3, "mid": 0.6, "top": 0.7}, 0, None),
    ],
)
def test_only_a_prediction_that_the_numbers_bear_out_is_right(levels, wiggle, choice):
    assert judged(5, wiggle, **levels) == choice
