"""Every note about a data set has its sentence in both languages, whose names are given; no sentence is unused."""

import ast
from collections.abc import Iterator

import pytest

from tl_core.datasets.own.notes import Note
from tl_core.ingest.readings.read import read_layout
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, MOST_NAMES, explain_skipped, fields, keys, said

JOINING = {"more"}  # said inside another note


def made() -> Iterator[tuple[str, str, set[str]]]:
    """Yields (file, code, names of the values) for every note that `tl_core` makes."""
    for path in sorted((PROJECT / "tl_core").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                yield from ((path.name, *found) for found in made_in(function))


def made_in(function: ast.FunctionDef) -> Iterator[tuple[str, set[str]]]:
    tables = {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "Note":
            code, values = call.args
            values = tables.get(getattr(values, "id", ""), values)
            assert isinstance(values, ast.Dict), ast.dump(call)
            for text in codes(code, function, tables):
                yield text, {key.value for key in values.keys}


def codes(code: ast.expr, function: ast.FunctionDef, tables: dict[str, ast.expr]) -> set[str]:
    """Returns the codes that an expression may be: itself, either of two, or those of the table that is looped over."""
    if isinstance(code, ast.Constant):
        return {code.value}
    if isinstance(code, ast.IfExp):
        return codes(code.body, function, tables) | codes(code.orelse, function, tables)
    loops = [node for node in ast.walk(function) if isinstance(node, ast.For | ast.comprehension)]
    found: set[str] = set()
    for loop in loops:
        names = [getattr(name, "id", None) for name in getattr(loop.target, "elts", [])]
        if code.id not in names:
            continue
        if isinstance(loop.iter, ast.Tuple):
            found |= {row.elts[names.index(code.id)].value for row in loop.iter.elts}
        else:  # `told.items()`
            found |= {key.value for key in tables[loop.iter.func.value.id].keys}
    assert found, ast.dump(code)
    return found


MADE = list(made())


def test_the_notes_of_the_source_are_found():
    assert {"class_empty", "classes_joined", "few_test", "few_test_one", "near_twins"} <= {code for _, code, _ in MADE}
    assert ("data_checks.py", "uneven", {"large", "most", "small", "least"}) in MADE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_note_has_its_sentence_and_every_name_in_it_has_a_value(language):
    wrong = []
    for file, code, names in MADE:
        key = f"note.{code}"
        if key not in keys(language):
            wrong.append(f"{file}: {key} has no sentence")
        elif not fields(language, key) <= names:
            wrong.append(f"{file}: {key} names {sorted(fields(language, key) - names)}, which it is not given")
    assert wrong == []


def test_every_sentence_of_a_note_is_used():
    used = {f"note.{code}" for _, code, _ in MADE} | {f"note.{name}" for name in JOINING}
    assert {key for key in keys("en") if key.startswith("note.")} - used == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_list_is_cut_short_and_says_how_many_more_there_are(language):
    names = [f"c{at}" for at in range(MOST_NAMES + 5)]
    sentence = said(Note("class_empty", {"classes": names}).to_dict(), language)
    assert (f"c{MOST_NAMES - 1}" in sentence, f"c{MOST_NAMES}" in sentence, "5" in sentence) == (True, False, True)
    just = said(Note("class_empty", {"classes": names[:MOST_NAMES]}).to_dict(), language)
    assert just.rstrip(".。").endswith(f"c{MOST_NAMES - 1}")


def test_splits_are_called_by_their_names_in_the_readers_language():
    (note,) = read_layout(["train/a/1.jpg", "test/a/2.jpg"]).all[0].notes
    assert "training and test" in said(note.to_dict(), "en")
    assert "train" not in said(note.to_dict(), "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_braces_in_a_name_are_only_braces(language):  # Z10
    assert "{n} {0}" in said({"code": "class_empty", "values": {"classes": ["{n} {0}"]}}, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_was_left_out_is_called_by_its_last_name(language):
    told = {"file": "fruit/apple/x.png", "code": "image_empty", "values": {}}
    sentence = explain_skipped(told, language)
    assert "x.png" in sentence
    assert "apple" not in sentence
