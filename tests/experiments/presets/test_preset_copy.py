"""Every word that a preset needs is there, in both languages, and every sentence can be said."""

import ast

import pytest

from tl_core.experiments.preset import Answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, keys

TEXTS = ("title", "question", "why", "about", "x", "reference")
ENDS = ("better", "worse", "noise")  # what `beside` says of two levels
FOLDER = PROJECT / "tl_core" / "experiments"


def codes() -> set[str]:
    """Returns the codes of all answers that the modules make."""
    trees = [ast.parse(path.read_text()) for path in sorted(FOLDER.rglob("*.py"))]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call.args[0] for call in calls if getattr(call.func, "id", "") == "Answer"]
    said = [end for node in made for end in ((node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,))]
    kinds = [call.args[0] for call in calls if getattr(call.func, "id", "") == "beside"]
    whole = {str(node.value) for node in said if isinstance(node, ast.Constant)}
    return whole | {f"{node.value}_{end}" for node in kinds if isinstance(node, ast.Constant) for end in ENDS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_preset_has_its_words(language):
    for preset in PRESETS.values():
        wanted = {f"sweep.{preset.id}.{name}" for name in TEXTS}
        wanted |= {f"sweep.{preset.id}.choice.{choice}" for choice in preset.choices}
        wanted |= {f"sweep.{preset.id}.series"} if preset.series else set()
        assert wanted - keys(language) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_has_its_sentence_and_every_sentence_is_an_answers(language):
    assert {key.removeprefix("sweep_answer.") for key in keys(language) if key.startswith("sweep_answer.")} == codes()


def test_no_words_are_left_of_a_preset_that_is_gone():
    assert {key.split(".")[1] for key in keys("en") if key.startswith("sweep.")} == set(PRESETS)


def test_differences_are_said_in_points_and_names_as_they_are():
    values = {"last": "top", "n_seeds": 5, "margin": 0.03}
    assert "within 3.0 points of the last one, top, for sure (5 seeds)" in sentence(
        "depth", Answer("depth_same", values), "en"
    )
    values |= {"block": "stem", "difference": 0.0512, "low": -0.01, "high": 0.1, "n": 3}
    assert "5.1 points better" in sentence("depth", Answer("depth_inside", values), "en")
    assert "（95% 置信区间 −1.0 到 10.0" in sentence("depth", Answer("depth_inside", values), "zh")
