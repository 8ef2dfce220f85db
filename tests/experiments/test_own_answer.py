"""What a sweep of one's own may say, from made-up scores: the best value, what it can be told from, and noise."""

from typing import Any

import numpy as np
import pytest

from tests.experiments.presets.made_up import rows
from tl_core.experiments.own_answer import answer
from tl_core.experiments.preset import Answer, Setting
from tl_core.experiments.sentence import answer_of, sentence
from tl_core.phrases import LANGUAGES

LIKE_THIS = [0.5, 0.7, 0.6, 0.4, 0.8]  # scatters so much that nothing can be told from its neighbours


def said(given: list[dict]) -> Answer:
    """Returns the only sentence behind the name of the factor."""
    found = answer(given)
    assert found is not None
    assert found.code == "own_of"
    (one,) = found.more
    return one


def of(**values: Any) -> dict[str, Any]:
    return {name: Setting("per_class", level) for name, level in values.items()}


def test_of_two_values_the_better_one_is_named_with_what_it_gains():
    one = said(rows({1: 0.4, 20: 0.6}, "per_class"))
    assert (one.code, one.values["n"], one.values["n_seeds"]) == ("own_two", 2, 5)
    assert {name: one.values[name] for name in ("best", "other")} == of(best=20, other=1)
    assert one.values["difference"] == pytest.approx(0.2, abs=0.01)
    assert one.values["low"] < 0.2 < one.values["high"]


def test_a_best_value_is_set_beside_the_next_one():
    one = said(rows({1: 0.4, 5: 0.5, 20: 0.6}, "per_class"))
    assert one.code == "own_best"
    assert {name: one.values[name] for name in ("best", "other")} == of(best=20, other=5)
    assert one.values["difference"] == pytest.approx(0.1, abs=0.01)


def test_where_some_cannot_be_told_from_the_highest_the_nearest_of_them_is_named():
    one = said(rows({1: 0.4, 5: 0.602, 10: 0.5, 20: 0.6}, "per_class"))
    assert (one.code, one.values["n_clear"], one.values["n"]) == ("own_some", 2, 4)
    assert {one.values["best"], one.values["near"]} == {Setting("per_class", 5), Setting("per_class", 20)}
    assert one.values["other"] == Setting("per_class", 1)


def test_what_scatters_is_within_noise():
    assert said(rows({1: LIKE_THIS, 5: LIKE_THIS[::-1]}, "per_class")).code == "own_noise"
    assert said(rows({1: 0.5, 5: 0.6}, "per_class", wiggle=0)).code == "no_spread"


def test_of_two_factors_each_line_has_a_sentence_and_their_averages_one():
    given = rows({1: 0.4, 20: 0.6}, "per_class", head="linear") + rows(
        {1: 0.55, 20: LIKE_THIS}, "per_class", shift=1, head="svm"
    )
    given = [{"per_class": row["per_class"], "head": row["head"]} | row for row in given]
    found = answer(given)
    assert found is not None
    main, first, second = found, *found.more[1:]
    assert (main.code, main.values["series"], main.more[0].code) == ("own_over", Setting("head"), "own_noise")
    assert (first.code, first.values["level"], first.more[0].code) == ("own_at", Setting("head", "linear"), "own_two")
    assert (second.values["level"], second.more[0].code) == (Setting("head", "svm"), "own_noise")


def test_an_average_is_of_the_seeds_that_every_value_has():
    given = [
        {"per_class": size, "head": head, "seed": seed, "run_id": "", "state": "completed", "test_accuracy": score}
        for head, gain in (("linear", 0.0), ("svm", 0.2))
        for size in (1, 20)
        for seed, score in enumerate((0.3 + gain, 0.5 + gain + size / 1000, 0.4 + gain))
        if not (head == "svm" and size == 1 and seed == 0)
    ]
    found = answer(given)
    assert found is not None
    (main,) = found.more[:1]
    assert main.values["n_seeds"] == 2


def test_too_few_seeds_allow_no_answer_and_a_value_that_failed_leaves_the_others():
    given = rows({1: 0.4, 5: 0.5, 20: 0.6}, "per_class")
    assert answer([row for row in given if row["seed"] == 0]) is None
    assert answer([]) is None
    assert answer(rows({1: 0.4}, "per_class")) is None
    failed = [row | {"test_accuracy": None, "state": "failed"} if row["per_class"] == 5 else row for row in given]
    assert said(failed).code == "own_two"


def test_of_sweeps_in_which_nothing_makes_a_difference_hardly_one_says_that_something_does():
    """At most 5 % of them may, whatever they compare: of 200 no more than 18, which chance exceeds once in 200."""
    draw = np.random.default_rng(0)
    claims = 0
    for _ in range(200):
        noise = {level: list(0.6 + 0.05 * draw.standard_normal(4)) for level in range(6)}
        claims += said(rows(noise, "epochs", n_seeds=4)).code != "own_noise"
    assert claims <= 18


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_are_called_as_the_pages_call_them(language):
    heads = rows({"linear": 0.4, "svm": 0.6}, "head")
    found = answer_of("own", heads)
    assert found is not None
    text = sentence("own", found, language)
    names = {"en": ("pool + linear SVM", "Head: "), "zh": ("线性 SVM", "分类头：")}[language]
    assert all(name in text for name in names)
    rates = answer_of("own", rows({1e-5: 0.4, 0.001: 0.6, "all": 0.1}, "learning_rate"))
    assert rates is not None
    assert all(part in sentence("own", rates, language) for part in ("0.001", "1e-5"))
