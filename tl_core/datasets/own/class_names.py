"""What a class is called: the name of a folder, a word of a table or what somebody typed, as one visible line."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence

from tl_core.datasets.own.notes import Note

MAX_CLASS_NAME = 80
_JOINER = "\u200d"  # invisible, but families and flags of emoji, and some scripts, are made with it
_N_DIGITS = 8
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)


def class_names(found: Sequence[str]) -> tuple[dict[str, str], list[Note]]:
    """Returns what each folder's class is called, and what was odd about the folders' names.

    Two spellings of the same text (accents composed or not, spaces or dots at the end) are one class. Names that differ
    only in capitals stay two classes, as they may mean two things, and a note says so.
    """
    names, notes = {}, []
    for name in dict.fromkeys(found):
        names[name] = clean_class_name(name)
    spellings = Counter(names.values())
    joined = sorted(name for name, n in spellings.items() if n > 1)
    altered = sorted(f"{_visible(name)} → {clean}" for name, clean in names.items() if _is_altered(name, clean))
    lowered = Counter(name.casefold() for name in spellings)
    alike = sorted(name for name in spellings if lowered[name.casefold()] > 1)
    reserved = sorted(name for name in spellings if name.partition(".")[0].casefold() in _RESERVED)
    changes = {
        "classes_joined": joined,
        "classes_renamed": altered,
        "classes_alike": alike,
        "classes_reserved": reserved,
    }
    notes += [Note(code, {"classes": values}) for code, values in changes.items() if values]
    return names, notes


def clean_class_name(name: str) -> str:
    """Returns a folder's or a typed name as the name of a class: one line of 1 to 80 visible characters.

    A few digits stand for what is cut off a longer one, so that two long names stay two classes. Bytes that are no text
    become readable escapes.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    text = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Cn") or sign == _JOINER)
    text = " ".join(unicodedata.normalize("NFC", text).split()).lstrip(_JOINER + " ").rstrip(_JOINER + " .") or "?"
    if len(text) <= MAX_CLASS_NAME:
        return text
    digits = hashlib.sha256(text.encode()).hexdigest()[:_N_DIGITS]
    return f"{text[: MAX_CLASS_NAME - _N_DIGITS - 1]}…{digits}"


def _visible(name: str) -> str:
    """Returns a folder's name as it may stand in a sentence: what is not seen, or turns the text around, is a "?"."""
    shown = "".join("?" if unicodedata.category(sign).startswith("C") else sign for sign in name)
    return shown if len(shown) <= MAX_CLASS_NAME else shown[: MAX_CLASS_NAME - 1] + "…"


def _is_altered(name: str, clean: str) -> bool:
    """Says whether a class is called noticeably other than its folder: more than another way to store the same text."""
    return unicodedata.normalize("NFC", name) != clean
