"""What may be said of settings that are changed one at a time, from made-up scores."""

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.errors import InputError
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence

SETTINGS = PRESETS["settings"]
CHANGED = {"sgd": "optimizer", "cosine": "schedule", "batch-8": "batch_size", "batch-128": "batch_size"}


def test_each_run_differs_from_the_usual_one_in_one_setting():
    usual, *others = SETTINGS.sweep({"batch_size": 4}, 1).trials()
    assert (usual.factors["arm"], usual.spec.batch_size, usual.spec.optimizer) == ("usual", 32, "adam")
    for trial in others:
        told = {name for name, value in trial.spec.to_dict().items() if value != getattr(usual.spec, name)}
        rates = {"learning_rate", "head_learning_rate"} if trial.factors["arm"] == "sgd" else set()
        field = CHANGED.get(str(trial.factors["arm"]))
        assert told - rates == ({field} if field else {"augment", "views"})
    assert {trial.factors["arm"] for trial in others} == {*SETTINGS.arms}


def test_some_may_be_asked_for_alone_and_the_usual_run_is_always_beside_them():
    assert [trial.factors["arm"] for trial in SETTINGS.sweep({"arms": "sgd"}, 1).trials()] == ["usual", "sgd"]
    with pytest.raises(InputError):
        SETTINGS.sweep({"arms": "usual"}, 1)


def test_each_is_told_against_the_usual_run_and_what_chance_explains_is_not_claimed():
    given = rows({"usual": 0.6, "sgd": 0.5, "cosine": (0.5, 0.7, 0.62, 0.55, 0.63), "batch-8": 0.7}, "arm")
    said = SETTINGS.answer(given)
    assert said is not None
    assert [one.code for one in (said, *said.more)] == ["setting_worse", "setting_noise", "setting_better"]
    assert "SGD instead of Adam: 10." in sentence("settings", said, "en")
    assert SETTINGS.verdict(given) in ("optimiser", "batch")


@pytest.mark.parametrize(
    ("score", "choice"), [(0.8, "optimiser"), (0.6005, "none"), ((0.5, 0.7, 0.62, 0.55, 0.63), None)]
)
def test_what_matters_is_what_is_clear_and_nothing_matters_only_where_that_was_measured(score, choice):
    given = rows({"usual": 0.6, "sgd": score, "batch-8": 0.6}, "arm")
    assert SETTINGS.verdict(given) == choice


def test_without_the_usual_run_or_with_one_seed_nothing_is_said():
    assert SETTINGS.answer(rows({"sgd": 0.5, "cosine": 0.6}, "arm")) is None
    assert SETTINGS.answer(rows({"usual": 0.5, "sgd": 0.6}, "arm", n_seeds=1)) is None
    assert SETTINGS.verdict([]) is None
