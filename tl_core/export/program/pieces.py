"""A program in parts: each has a title, a sentence and lines of code; script and notebook are made of the same ones."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 88  # columns of a line of text: what a page shows without scrolling sideways

# what a line may be broken behind: a word, or any sign of a script without spaces
_TOKENS = re.compile(
    r"[^\s\u2e80-\u9fff\uff00-\uffef]+[。，：；！？）]?\s*|[\u2e80-\u9fff\uff00-\uffef][。，：；！？）”]*\s*"
)


class Piece(NamedTuple):
    """A part of a program. Attributes: what it is about; a sentence or two about it; the lines of its code."""

    title: str
    about: str
    lines: Sequence[str]


def broken(text: str, width: int = WIDTH) -> list[str]:
    """Returns a text in lines of at most so many columns; a Chinese sign takes two."""
    lines = [""]
    for token in _TOKENS.findall(text):
        if columns((lines[-1] + token).rstrip()) > width:
            lines.append("")
        lines[-1] += token
    return [line.rstrip() for line in lines]


def columns(text: str) -> int:
    """Returns how wide a text is where every sign has one place or two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def comment(text: str) -> list[str]:
    """Returns a text as lines of a comment."""
    return [f"# {line}" for line in broken(text, WIDTH - 2)]


def step(text: str) -> list[str]:
    """Returns a comment before which a reader takes a breath."""
    return ["", *comment(text)]


def docstring(text: str, indent: int = 4) -> list[str]:
    """Returns a text as the docstring of a function."""
    first, *more = broken(text, WIDTH - indent - 6)
    ends = [f'"""{first}', *more]
    return [" " * indent + line for line in ([*ends, '"""'] if more else [f'{ends[0]}"""'])]
