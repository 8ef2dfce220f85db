"""The copy of the pages in the visitor's language."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import streamlit as st

from pages.ui import state
from tl_core.datasets.catalog import class_slug
from tl_core.datasets.own.album import PREFIX, is_own
from tl_core.engine.singleton import engine
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.phrases import LONG_S, duration, explain, explain_skipped, keys, phrase, said
from tl_core.store.records import RunRecord

# what Streamlit reads in a text. A joint is found once the Markdown is parsed, escaped or not: the signs that make
# :emoji: and :material/icon:, a@b.c, http:// and www., -> and >=. The others are marks: lists, and all of the rest.
_SIGNS = re.compile(
    r"(?P<joint>:(?=\S)|@|(?<=www)\.|(?<=[<>~-])[-=]|-(?=[->]))|^(?:\d{1,9}[.)]|[-+])(?=\s|$)|[\\`*_{}\[\]<>~$|#&]",
    re.IGNORECASE,
)
LATE_S = 1.0  # an estimate is not worse for having run out since the last look
# the units of large numbers, largest first: name, how many it counts, and from which number on it is used
_LARGE = MappingProxyType(
    {"en": (("large", 1e6, 1e6), ("medium", 1e3, 1e4)), "zh": (("large", 1e8, 1e8), ("medium", 1e4, 1e4))}
)


def t(key: str, language: str | None = None, /, **values: object) -> str:
    """Returns one text of the copy file, filled in, in the visitor's language unless another is asked for."""
    return phrase(language or state.language(), key, **values)


def sentence(error: TransferLabError | dict) -> str:
    """Returns an error's sentence, safe to show as Markdown."""
    return literal(explain(error, state.language()))


def named(choices: Iterable, name: Callable) -> dict:
    """Returns choice → name, in the language of this moment; its `__getitem__` is a widget's `format_func`.

    Of several choices with one name those that visitors named are told apart by their ids: a browser sends back the
    name, and Streamlit would take the last of them for all.
    """
    names = {choice: name(choice) for choice in choices}
    n_called = Counter(names.values())
    return {
        choice: f"{called} · {choice.removeprefix(PREFIX)[:6]}" if n_called[called] > 1 and _is_own(choice) else called
        for choice, called in names.items()
    }


def _is_own(choice: object) -> bool:
    return isinstance(choice, str) and is_own(choice)


def literal(text: str) -> str:
    """Returns text that Markdown shows as it is: names come from people, who may type anything."""
    return _SIGNS.sub(_escaped, " ".join(text.split()))


def _escaped(sign: re.Match) -> str:
    """Returns a mark behind a backslash; a joint in an element of its own too, where nothing finds it."""
    before, last = sign[0][:-1], sign[0][-1]
    return rf":color[\{last}]" if sign["joint"] else rf"{before}\{last}"  # :color that names none: a plain <span>


def class_name(name: str) -> str:
    """Returns a class's name in the visitor's language, or as the dataset has it."""
    key = f"class.{class_slug(name)}"
    return t(key) if key in keys(state.language()) else name


def dataset_name(dataset_id: str, language: str | None = None) -> str:
    """Returns a dataset's name in a language, the visitor's if none is given, or what its owner calls it.

    An unknown id stays as it is.
    """
    if is_own(dataset_id):
        try:
            return engine().albums.find(dataset_id, by=state.visitor()).name
        except UnknownIdError:  # another's, or deleted since
            return t("data.own_other", language)
    key = f"dataset.{dataset_id}.name"
    return t(key, language) if key in keys("en") else dataset_id


def note(told: dict) -> str:
    """Returns the sentence of a note about a data set, safe to show as Markdown."""
    return literal(said(told, state.language()))


def skipped_reason(skipped: dict) -> str:
    """Returns why a file was left out, as plain text."""
    return explain_skipped(skipped, state.language())


def percent(share: float | None, digits: int = 0) -> str:
    """Returns a fraction in percent; "–" for what was not measured."""
    return "–" if share is None else f"{share * 100:.{digits}f}%"


def seconds(value: float | None) -> str:
    """Returns a duration that people read at a glance; "–" for what was not measured."""
    return duration(value, state.language())


def seconds_left(value: float | None) -> str:
    """Returns a duration that counts down: whole seconds, so that it does not flutter."""
    return seconds(value) if value is None or value >= LONG_S else t("unit.seconds", n=math.ceil(value))


def time_left(value: float | None) -> str:
    """Returns how long something still takes, or that it takes longer than was estimated; it never says 0 seconds."""
    if value is None:
        return t("progress.left", left=seconds_left(None))
    return t("progress.late") if value <= -LATE_S else t("progress.left", left=seconds_left(max(value, 1.0)))


def count(value: int | None) -> str:
    """Returns a number as people write it: 17.9 k and 2.26 M, or 1.79 万 and 226 万."""
    if value is None:
        return "–"
    for unit, size, least in _LARGE[state.language()]:
        if value >= least:
            n = value / size
            return t(f"unit.{unit}", n=f"{n:.{2 if n < 10 else 1 if n < 100 else 0}f}")
    return f"{value:,}"


def size(n_bytes: int | None) -> str:
    """Returns how much memory that is: 850 MB, 1.3 GB; "–" for what was not measured."""
    if n_bytes is None:
        return "–"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def day(time: str | None) -> str:
    """Returns a record's time as the visitor's calendar and clock show it; "–" for none."""
    if time is None:
        return "–"
    return datetime.fromisoformat(time).astimezone(ZoneInfo(st.context.timezone or "UTC")).strftime("%Y-%m-%d %H:%M")


def threads(record: RunRecord) -> str:
    """Returns with how many threads a run was trained; "–" where that was not noted."""
    n = record.spec.get("threads") or record.environment.get("threads")
    return "–" if n is None else t("record.one_thread") if n == 1 else t("record.threads", n=n)
