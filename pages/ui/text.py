"""The copy of the pages in the visitor's language."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pages.ui import state
from tl_core.datasets.catalog import class_slug
from tl_core.errors import TransferLabError
from tl_core.phrases import explain, keys, phrase

# marks, links (also bare ones), :colours[…] and :icons:, lists and headings
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>~$|@#]|:(?=\S)|(?<=www)\.|^[-+](?=\s)|(?<=^\d)[.)](?=\s))", re.IGNORECASE)
LESSONS = Path(__file__).resolve().parents[2] / "assets" / "lessons"


def t(key: str, **values: object) -> str:
    """Returns one text of the copy file, filled in."""
    return phrase(state.language(), key, **values)


def sentence(error: TransferLabError | dict) -> str:
    """Returns an error's sentence, safe to show as Markdown."""
    return literal(explain(error, state.language()))


def named(choices: Iterable, name: Callable) -> dict:
    """Returns choice → name, in the language of this moment; its `__getitem__` is a widget's `format_func`."""
    return {choice: name(choice) for choice in choices}


def literal(text: str) -> str:
    """Returns text that Markdown shows as it is: names come from people, who may type anything."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def class_name(name: str) -> str:
    """Returns a class's name in the visitor's language, or as the dataset has it."""
    key = f"class.{class_slug(name)}"
    return t(key) if key in keys(state.language()) else name


def dataset_name(dataset_id: str) -> str:
    """Returns a dataset's name in the visitor's language; an unknown id as it is."""
    key = f"dataset.{dataset_id}.name"
    return t(key) if key in keys(state.language()) else dataset_id


def percent(share: float | None, digits: int = 0) -> str:
    """Returns a fraction in percent; "–" for what was not measured."""
    return "–" if share is None else f"{share * 100:.{digits}f}%"


def seconds(value: float | None) -> str:
    """Returns a duration that people read at a glance; "–" for what was not measured."""
    if value is None:
        return "–"
    if value >= 90:
        return t("unit.minutes", n=f"{value / 60:.1f}")
    return t("unit.seconds", n=f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}")


def count(value: int | None) -> str:
    """Returns a number as people write it: 17.9 k, 2.26 M."""
    if value is None:
        return "–"
    if value >= 1_000_000:
        return f"{value / 1e6:.2f} M"
    return f"{value / 1e3:.1f} k" if value >= 10_000 else f"{value:,}"


def lesson(name: str) -> str:
    """Returns a long text: assets/lessons/<language>/<name>.md."""
    return (LESSONS / state.language() / f"{name}.md").read_text(encoding="utf-8")
