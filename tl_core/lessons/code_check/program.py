"""A pasted text as a Python program: a notebook's cells, magics and prompts are taken out; nothing is ever run."""

import ast
import json
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import suppress

from tl_core.errors import InputError

MOST_CHARACTERS = 200_000
MOST_OF_NOTEBOOK = 5_000_000
"""A notebook has pictures in it: only its code counts."""
_MAGIC = re.compile(r"^(\s*)(?:%|!|\?)")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)(?:%|!)")
_ASKED = re.compile(r"^(\s*)[\w.]+\?{1,2}\s*$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun")
_PROMPT = re.compile(r"^(\s*)(?:>>>|\.\.\.)(?: |$)")
_COUNTER = re.compile(r"^\s*(?:(?:In|Out)\s*\[[\d ]*\]:|\.\.\.:) ?")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


def parsed(text: str) -> tuple[str, ast.Module]:
    """Returns a program as it is checked, and its syntax tree.

    Lines keep their numbers; of a notebook, the cells of code follow each other.

    Raises:
        InputError: "code_empty", "code_too_long", "code_syntax" (with the line) or "code_unreadable".
    """
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    cells = _cells(text) if len(text) <= MOST_OF_NOTEBOOK else None
    if cells is not None:
        text = "\n".join("\n".join(_without_magics(cell)) for cell in cells)
    if len(text) > MOST_CHARACTERS:
        raise InputError("code_too_long", received=len(text), allowed=MOST_CHARACTERS)
    if not text.strip():
        raise InputError("code_empty")
    return _first_that_parses(text)


def _first_that_parses(text: str) -> tuple[str, ast.Module]:
    """Returns a text as it is, or else without what is no Python around it; the error is that of the latter."""
    for cleaned in (text, _cleaned(text)):
        with suppress(InputError):
            return cleaned, _tree(cleaned)
    cleaned = _cleaned(_inside_fences(text))
    if not cleaned.strip():
        raise InputError("code_empty")
    return cleaned, _tree(cleaned)


def _tree(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is pasted, such as a backslash in a plain text
            return ast.parse(text)
    except SyntaxError as error:
        received = " ".join((error.text or "").split())[:80]
        raise InputError("code_syntax", line=error.lineno or 1, received=received) from None
    except (RecursionError, MemoryError, ValueError):  # nested too deep, or with null bytes
        raise InputError("code_unreadable") from None


def _cleaned(text: str) -> str:
    return textwrap.dedent("\n".join(_without_magics(_without_prompts(text))))


def _cells(text: str) -> list[str] | None:
    """Returns the code cells of a notebook; None for what is none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        book = json.loads(text)
        cells = [cell for cell in book["cells"] if cell.get("cell_type") == "code"]
        return ["".join(cell.get("source", "")) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _inside_fences(text: str) -> str:
    """Returns a text without what stands outside of its fences, line by line, where it has any."""
    lines = text.split("\n")
    if sum(bool(_FENCE.match(line)) for line in lines) < 2:
        return text
    kept, is_inside = [], False
    for line in lines:
        is_fence = bool(_FENCE.match(line))
        is_inside ^= is_fence
        kept.append(line if is_inside and not is_fence else "")
    return "\n".join(kept)


def _without_prompts(text: str) -> str:
    lines = text.split("\n")
    if any(_COUNTER.match(line) for line in lines):
        lines = [_COUNTER.sub("", line) if not line.lstrip().startswith("Out") else "" for line in lines]
    if any(line.lstrip().startswith(">>> ") for line in lines):  # what has no prompt is what was printed
        lines = [_PROMPT.sub(r"\1", line) if _PROMPT.match(line) else "" for line in lines]
    return "\n".join(lines)


def _without_magics(text: str) -> Iterator[str]:
    """Yields the lines of a cell; what is for the shell or the notebook becomes `pass`."""
    is_foreign, continues = False, False
    for number, line in enumerate(text.split("\n")):
        cell = _CELL_MAGIC.match(line)
        if cell and (number == 0 or not is_foreign):
            is_foreign = cell[1] not in _PYTHON_CELLS
        if is_foreign or continues:
            yield ""
            continues = continues and line.rstrip().endswith("\\")
        elif magic := _MAGIC.match(line) or _ASKED.match(line):
            continues = line.rstrip().endswith("\\")
            yield f"{magic[1]}pass"
        elif assigned := _ASSIGNED_MAGIC.match(line):
            yield f"{assigned[1]}None"
        else:
            yield line
