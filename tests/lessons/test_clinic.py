"""The cases of the clinic as data: they can be trained, differ by their fault alone, and have all their words."""

import ast

import pytest

from tl_core.lessons.clinic import CARDS, CASES, MENDED, SICK
from tl_core.phrases import LANGUAGES, keys, phrase
from tl_core.planning.recipes import RECIPES
from tl_core.spec import FAULTS

ALL = [pytest.param(case, id=case.id) for case in CASES.values()]


@pytest.mark.parametrize("case", ALL)
def test_the_mended_run_is_the_sick_one_without_what_is_wrong(case, home):
    sick, mended = case.spec(SICK, home), case.spec(MENDED, home)
    assert mended.fault == "none"
    assert {name for name in case.wrong if getattr(sick, name) != getattr(mended, name)} == set(case.wrong)
    differing = {name for name, value in sick.to_dict().items() if value != mended.to_dict()[name]}
    assert set(case.wrong) <= differing <= set(case.wrong) | {"batchnorm_momentum"}


def test_no_two_runs_of_the_clinic_that_differ_in_name_differ_in_nothing_where_one_is_sick():
    sick = [case.spec(SICK) for case in CASES.values()]
    assert len(set(sick)) == len(sick)
    assert not {*sick} & {case.spec(MENDED) for case in CASES.values()}


@pytest.mark.parametrize("case", ALL)
def test_the_right_diagnosis_is_among_several(case):
    assert case.diagnosis in case.choices
    assert len(set(case.choices)) == len(case.choices) >= 3


def test_the_right_diagnosis_is_not_always_in_the_same_place():
    assert len({case.choices.index(case.diagnosis) for case in CASES.values()}) >= 3


@pytest.mark.parametrize("case", ALL)
def test_the_mend_is_python_that_takes_out_or_changes_at_most_two_lines(case):
    ast.parse(case.wrong_code)
    ast.parse(case.mended_code)
    lines = case.difference().splitlines()
    assert [line[1:] for line in lines if line[0] != "+"] == case.wrong_code.splitlines()
    assert [line[1:] for line in lines if line[0] != "-"] == case.mended_code.splitlines()
    assert 1 <= sum(line[0] in "+-" for line in lines) <= 3


@pytest.mark.parametrize("card", [pytest.param(card, id=card.id) for card in CARDS.values()])
def test_a_card_shows_python_and_repeats_an_error_that_is_tried_elsewhere(card):
    ast.parse(card.code)
    known = {fault.error for one in RECIPES.values() for fault in one.faults}  # tried in tests/planning/test_recipes.py
    assert card.error is None or card.error in known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_diagnosis_and_card_has_its_words_and_no_others(language):
    words = ("title", "looks", "program", "hint", "why", "outcome")
    wanted = {f"clinic_case.{id}.{word}" for id in CASES for word in words}
    wanted |= {f"clinic_diagnosis.{choice}" for case in CASES.values() for choice in case.choices}
    wanted |= {f"clinic_card.{id}.{word}" for id in CARDS for word in ("title", "about")}
    sections = ("clinic_case.", "clinic_diagnosis.", "clinic_card.")
    assert wanted == {key for key in keys(language) if key.startswith(sections)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_title_gives_the_diagnosis_away(language):
    for case in CASES.values():
        shown = f"{phrase(language, f'clinic_case.{case.id}.title')} {phrase(language, f'clinic_case.{case.id}.looks')}"
        assert phrase(language, f"clinic_diagnosis.{case.diagnosis}").rstrip(".。") not in shown


def test_the_faults_of_the_cases_are_faults_that_a_run_can_have():
    assert {case.wrong["fault"] for case in CASES.values() if "fault" in case.wrong} <= set(FAULTS)
