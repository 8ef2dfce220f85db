import ast
import inspect
import re
from collections.abc import Iterator

import pytest

from tl_core import errors
from tl_core.errors import SpecError
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, explain, fields, keys, phrase

ERRORS = {
    name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.TransferLabError)
}
ASKING = ("phrase", "t", "text")  # functions that take the key of a text


def functions(folder: str) -> Iterator[tuple[str, ast.AST]]:
    """Yields every outermost function or class of a folder's modules, with the file's name."""
    for path in sorted((PROJECT / folder).rglob("*.py")):
        yield from ((path.name, node) for node in ast.parse(path.read_text()).body)


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Yields (file, code, names of the values) for every error that `tl_core` makes."""
    for file, function in functions("tl_core"):
        known = bindings(function)
        for call in calls(function, ERRORS):
            names = set().union(*(passed(keyword, known) for keyword in call.keywords))
            names |= {"file"} if call.func.id == "ImageError" else set()  # `decode_image` adds it
            yield from ((file, code, names) for code in texts(call.args[0], known))
        for call in calls(function, {"LeftOut"}):
            yield from ((file, code, {"file"}) for code in texts(call.args[1], known))


def calls(tree: ast.AST, names: set[str] | tuple[str, ...]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "id", getattr(node.func, "attr", None))
            if called in names:
                yield node


def bindings(function: ast.AST) -> dict[str, list[ast.AST]]:
    """Returns what each name of a function may be: the expressions assigned to it, and the rows that it loops over."""
    known: dict[str, list[ast.AST]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known.setdefault(node.targets[0].id, []).append(node.value)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Tuple):
            for at, name in enumerate(node.target.elts):
                known.setdefault(name.id, []).extend(row.elts[at] for row in node.iter.elts)
    return known


def texts(node: ast.AST, known: dict[str, list[ast.AST]]) -> set[str]:
    """Returns the strings that an expression may be; none for `error.code` of an error that is only passed on."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return texts(node.body, known) | texts(node.orelse, known)
    if isinstance(node, ast.Name):
        return set().union(*(texts(value, known) for value in known[node.id]))
    assert isinstance(node, ast.Attribute | ast.Subscript), ast.dump(node)
    return set()


def passed(keyword: ast.keyword, known: dict[str, list[ast.AST]]) -> set[str]:
    if keyword.arg is not None:
        return {keyword.arg}
    tables = known.get(getattr(keyword.value, "id", ""), [])
    return {key.value for table in tables if isinstance(table, ast.Dict) for key in table.keys}


def asked() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yields (file, key, names of the values or None) for every text that is asked for by its full name."""
    for folder in ("tl_core", "pages"):
        for file, function in functions(folder):
            for call in calls(function, ASKING):
                is_open = any(keyword.arg is None for keyword in call.keywords)
                names = None if is_open else {keyword.arg for keyword in call.keywords}
                yield from ((file, key, names) for key in map(_key, call.args[:2]) if key)


def _key(node: ast.AST) -> str | None:
    is_key = isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value
    return node.value if is_key else None


RAISED = sorted(raised(), key=lambda row: row[:2])


def test_the_errors_of_the_source_are_found():
    codes = {code for _, code, _ in RAISED}
    assert {"spec_range", "out_of_memory", "training_failed", "image_not_picture", "disk_full"} <= codes
    assert ("limits.py", "image_side", {"width", "height", "allowed", "file"}) in RAISED
    assert {"command.epoch", "command.ended"} <= {key for _, key, _ in asked()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_its_sentence_and_every_name_in_it_has_a_value(language):
    wrong = []
    for file, code, names in RAISED:
        key = f"errors.{code}"
        if key not in keys(language):
            wrong.append(f"{file}: {key} has no sentence")
        elif not fields(language, key) <= names:
            wrong.append(f"{file}: {key} names {sorted(fields(language, key) - names)}, which it is not given")
    assert wrong == []


def test_every_sentence_of_an_error_is_used():
    used = {f"errors.{code}" for _, code, _ in RAISED}
    assert {key for key in keys("en") if key.startswith("errors.")} - used == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_the_code_asks_for_is_there(language):
    wrong = []
    for file, key, names in asked():
        if key not in keys(language):
            wrong.append(f"{file}: {key}")
        elif names is not None and not fields(language, key) <= names:
            wrong.append(f"{file}: {key} needs {sorted(fields(language, key) - names)}")
    assert wrong == []


def test_both_languages_have_the_same_keys():
    assert keys("en") ^ keys("zh") == set()


def test_both_languages_fill_in_the_same_values():
    assert {key for key in keys("en") & keys("zh") if fields("en", key) != fields("zh", key)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_something_and_can_be_filled_in(language):
    for key in keys(language):
        assert all(name.isidentifier() for name in fields(language, key)), key
        text = phrase(language, key, **dict.fromkeys(fields(language, key), Anything()))
        assert text.strip() or key.startswith("unit."), key


def sentences(text: str) -> list[str]:
    """Returns the sentences of a text, and what follows the last one without being any."""
    return [part for part in re.split(r"(?<=[.!?])\s+|(?<=[。！？])\s*", text) if part]


def test_sentences_are_counted():
    assert len(sentences("It has 1.5 MB; at most 1.0 MB. Make it smaller (or not).")) == 2
    assert len(sentences("One. Two? (Three)")) == 3
    assert len(sentences("内存不足。请减半！（原因）")) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_says_what_is_wrong_and_what_to_do_in_two_sentences_at_most(language):
    errors = [key for key in keys(language) if key.startswith("errors.")]
    said = {key: phrase(language, key, **dict.fromkeys(fields(language, key), Anything())) for key in errors}
    assert len(said) > 100
    assert [key for key, text in said.items() if len(sentences(text)) > 2] == []


class Anything:
    """A value that fits any place of a text."""

    def __format__(self, form: str) -> str:
        return "x"


def test_an_error_is_explained_from_itself_and_from_its_stored_form():
    error = SpecError("spec_choice", field="head", received="cubic", allowed=["linear", "dense"])
    sentence = explain(error, "en")
    assert sentence == "Head: received “cubic”; allowed: linear, dense."
    assert explain(error.to_dict(), "en") == sentence


def test_there_is_no_silent_fallback():
    with pytest.raises(KeyError):
        phrase("en", "errors.no_such_thing")
    with pytest.raises(KeyError):
        phrase("en", "errors.spec_number", field="epochs")


@pytest.mark.parametrize(("n", "said"), [(0, "0 more epochs"), (1, "1 more epoch"), (2, "2 more epochs")])
def test_one_epoch_is_no_epochs(n, said):
    assert phrase("en", "panel.longer", n=n) == said
