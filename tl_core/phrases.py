"""Sentences in the reader's language, from assets/copy/{en,zh}.toml.

Nothing else in `tl_core` holds display text; the pages and the command line both read it here.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from string import Formatter

from tl_core.errors import TransferLabError
from tl_core.paths import ASSETS

LANGUAGES = ("en", "zh")
MOST_NAMES = 8  # that one note repeats
COPY_FOLDER = ASSETS / "copy"
SHORT_S = 0.01  # below it, milliseconds
LONG_S = 90.0  # from it on, minutes


@cache
def _table(language: str) -> dict[str, str]:
    """Returns one language's copy as a flat mapping "section.key" → text."""
    with open(COPY_FOLDER / f"{language}.toml", "rb") as file:
        return dict(_flat(tomllib.load(file), ""))


def _flat(table: dict, prefix: str):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def keys(language: str) -> frozenset[str]:
    """Returns every key of one language's copy file."""
    return frozenset(_table(language))


def fields(language: str, key: str) -> frozenset[str]:
    """Returns the names that a text expects to be filled in."""
    return frozenset(name for _, name, _, _ in Formatter().parse(_table(language)[key]) if name)


def phrase(language: str, key: str, **values: object) -> str:
    """Returns one text with its values filled in.

    Args:
        language: "en" or "zh".
        key: "section.key" as in the copy file.
        **values: What the text's {names} stand for. "{n:?epoch|epochs}" is the first word where n is 1,
            else the second.

    Raises:
        KeyError: The key or one of the values is missing. There is no silent fallback to another language.
    """
    counted = {name: _Count(value) if type(value) is int else value for name, value in values.items()}
    return _table(language)[key].format(**counted)


class _Count(int):
    """A number that also chooses between the words for one and for many."""

    def __format__(self, form: str) -> str:
        one, is_choice, many = form.removeprefix("?").partition("|")
        return (one if self == 1 else many) if is_choice else format(int(self), form)


def duration(seconds: float | None, language: str) -> str:
    """Returns a time that people read at a glance, never 0.00 s; "–" for what was not measured."""
    if seconds is None:
        return "–"
    if seconds >= LONG_S:
        return phrase(language, "unit.minutes", n=f"{seconds / 60:.1f}")
    if seconds < SHORT_S:
        n_ms = seconds * 1000
        return phrase(language, "unit.milliseconds", n=f"{n_ms:.0f}" if n_ms >= 1 else f"{n_ms:.1g}")
    digits = 0 if seconds >= 10 else 1 if seconds >= 1 else 2
    return phrase(language, "unit.seconds", n=f"{seconds:.{digits}f}")


def explain(error: TransferLabError | dict, language: str) -> str:
    """Returns the one sentence of an error in the reader's language.

    Args:
        error: The error, or its `to_dict()` form as kept in a run's record.
        language: "en" or "zh".
    """
    code, values = (error["code"], error["values"]) if isinstance(error, dict) else (error.code, error.values)
    shown = {name: _shown(name, value, language) for name, value in values.items()}
    return phrase(language, f"errors.{code}", **shown)


def explain_skipped(skipped: dict, language: str) -> str:
    """Returns why a file was left out, {"file", "code", "values"}."""
    values = {"file": skipped["file"].rpartition("/")[2], **skipped["values"]}
    return explain({"code": skipped["code"], "values": values}, language)


def said(note: dict, language: str) -> str:
    """Returns the sentence of a note about a data set, {"code", "values"}."""
    shown = {name: _shown(name, _few(name, value, language), language) for name, value in note["values"].items()}
    return phrase(language, f"note.{note['code']}", **shown)


def listed(names: Sequence[str], language: str) -> str:
    """Returns names side by side; of many the first, and how many more there are."""
    return str(_shown("", _few("", list(names), language), language))


def levels(reading: dict, language: str) -> str:
    """Returns how the folders of a reading (`Reading.to_dict`) are understood, from outside to inside."""
    found = [phrase(language, f"level.{level}") for level in reading["levels"]]
    if reading["labels"] == "names":
        found.append(phrase(language, "level.names"))
    elif reading["labels"] != "folders":
        found.append(phrase(language, "level.table", table=reading["labels"], column=reading["column"]))
    return " / ".join(found)


def _few(name: str, value: object, language: str) -> object:
    """Returns a long list cut short, and splits by their names, the last two joined by a word."""
    if not isinstance(value, list | tuple):
        return value
    if name == "splits":
        splits = [phrase(language, f"split.{split}") for split in value]
        return [*splits[:-2], phrase(language, "unit.and").join(splits[-2:])]
    more = [phrase(language, "note.more", n=len(value) - MOST_NAMES)] if len(value) > MOST_NAMES else []
    return [*value[:MOST_NAMES], *more]


def _shown(name: str, value: object, language: str) -> object:
    """Returns a value as a reader knows it: lists joined; fields, states and reasons by their names."""
    if isinstance(value, list | tuple):
        return phrase(language, "unit.comma").join(map(str, value))
    if isinstance(value, dict):  # an error that caused another one
        return explain(value, language)
    key = f"{name}.{value}"
    return _table(language)[key] if name in ("field", "state", "reason") and key in _table(language) else value
