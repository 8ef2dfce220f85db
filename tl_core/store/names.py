"""Ids, names and times as every store makes and accepts them."""

import re
import secrets
import unicodedata
from datetime import UTC, datetime

from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.store.records import RunRecord

MIN_PREFIX = 6
MAX_NAME = 80
_OWNER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_ID_OR_PREFIX = re.compile(rf"[0-9a-f]{{{MIN_PREFIX},32}}")
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def new_id() -> str:
    """Returns a fresh run id: 128 random bits as 32 hexadecimal digits.

    Random:
        The operating system's; no seed decides it.
    """
    return secrets.token_hex(16)


def now() -> str:
    """Returns the time of day as ISO 8601 in UTC, for people to read; nothing is ordered by it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def looks_like_id(received: object) -> bool:
    """Tells whether a value from outside may be an id or a prefix of one, before anything is looked up."""
    return isinstance(received, str) and _ID_OR_PREFIX.fullmatch(received) is not None


def checked_owner(owner: str) -> str:
    """Returns an owner's id, which names a file; owners come from cookies that we signed, or are our own words.

    Raises:
        StoreError: "not_your_dataset".
    """
    if not _OWNER.fullmatch(owner):
        raise StoreError("not_your_dataset", dataset="?")
    return owner


def one_match(received: object, matches: list[RunRecord]) -> RunRecord:
    """Returns the only run that an id or prefix stands for.

    Raises:
        UnknownIdError: "unknown_run": None or several runs match.
    """
    if len(matches) == 1:
        return matches[0]
    raise UnknownIdError("unknown_run", received=printable(received), n_matches=len(matches), min_characters=MIN_PREFIX)


def clean_name(received: object) -> str:
    """Returns a run's name without the spaces around it.

    Raises:
        InputError: "bad_run_name": Not 1 to 80 characters, or with control characters (line breaks, text direction).
    """
    name = received.strip() if isinstance(received, str) else ""
    if not 1 <= len(name) <= MAX_NAME or any(map(_is_control, name)):
        raise InputError("bad_run_name", received=printable(received), max_characters=MAX_NAME)
    return name


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS


def printable(received: object) -> str:
    """Returns a stranger's text as it may stand in a message: one line, at most 60 characters, all printable."""
    text = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(received)[:61]
    )
    return text if len(text) <= 60 else f"{text[:59]}…"
