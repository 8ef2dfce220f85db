"""`python -m tl_core recipe`: the published programs from the shell."""

import json

import pytest

from tl_core.__main__ import main
from tl_core.commands import recipe as command
from tl_core.phrases import phrase
from tl_core.planning.recipes import PUBLISHED, RECIPES, recipe
from tl_core.spec import RunSpec

VARIANTS = [(one.id, variant) for one in RECIPES.values() for variant in one.variants]


@pytest.fixture
def trained(monkeypatch, home) -> list[RunSpec]:
    """Trains nothing; returns what would have been."""
    seen: list[RunSpec] = []
    monkeypatch.setattr(command, "train_spec", lambda spec, output: seen.append(spec) or 0)
    return seen


def test_the_mended_program_is_trained_and_what_was_mended_is_said_first(trained, capsys):
    assert main(["recipe", "d", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    mended = [phrase("en", f"recipe_fault.{fault.code}.title") for fault in recipe("d").faults]
    assert told == {"event": "recipe", "id": "d", "mended": mended}
    assert trained == [recipe("d").spec("mended")]


def test_the_published_program_is_trained_with_its_faults_and_nothing_is_called_mended(trained, capsys):
    assert main(["recipe", "b", "--variant", PUBLISHED, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mended"] == []
    assert trained == [recipe("b").spec(PUBLISHED)]


def test_people_read_what_was_mended(trained, capsys):
    assert main(["recipe", "a"]) == 0
    first, *faults = capsys.readouterr().out.splitlines()
    assert first == phrase("en", "recipe.a.title")
    assert len(faults) == len(recipe("a").faults)


@pytest.mark.parametrize("arguments", [["z"], ["a", "--variant", "other"], ["e", "--dataset", "nothing"]])
def test_what_there_is_not_is_said_in_one_line_and_nothing_is_trained(trained, capsys, arguments):
    assert main(["recipe", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert trained == []


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize(("id", "variant"), VARIANTS)
def test_every_variant_of_every_recipe_is_really_trained_to_its_end(id, variant, home, capsys):
    status = main(["recipe", id, "--variant", variant, "--json"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    is_destroyed = (id, variant) == ("b", PUBLISHED)  # a loss that is no number is what is to be seen there
    assert told[-1]["state"] in (("failed", "completed") if is_destroyed else ("completed",))
    assert status == (told[-1]["state"] == "failed")
    print(id, variant, told[-1]["test_accuracy"], told[-1]["seconds"])
