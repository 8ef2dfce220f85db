"""Checks a program that uses Keras for the traps of transfer learning. It is parsed and followed, never run.

Where it cannot be told what a program does, nothing is said: a correct program must not be blamed.
"""

import ast
import re
from typing import Any

from tl_core.lessons.code_check import words
from tl_core.lessons.code_check.findings import Finding, Level, Report
from tl_core.lessons.code_check.interpreter import Interpreter
from tl_core.lessons.code_check.machine import TooLong
from tl_core.lessons.code_check.program import parsed

_KERAS = re.compile(r"\b(?:tf_)?[Kk]eras\b")
_LEGACY = re.compile(r"TF_USE_LEGACY_KERAS|\btf_keras\b")


def check(text: str) -> Report:
    """Returns what is wrong with a program, by line.

    Args:
        text: Python as it was pasted; a notebook's JSON, magics and prompts are understood.

    Raises:
        InputError: "code_empty", "code_too_long", "code_syntax" (with the line) or "code_unreadable".
    """
    cleaned, tree = parsed(text)
    found = _Found()
    reader = Interpreter(found.add)
    try:
        reader.read(tree)
    except (TooLong, RecursionError):
        found.is_cut = True  # what was found until then stands
    words.look(tree, found.add)
    _held_out(reader, found)
    if not found.is_cut:
        _never_frozen(reader, tree, cleaned, found)
    findings = found.sorted(is_legacy=bool(_LEGACY.search(cleaned)))
    return Report(cleaned, findings, bool(_KERAS.search(cleaned)) or bool(findings))


class _Found:
    """Findings, each line and code once."""

    def __init__(self) -> None:
        self.all: dict[tuple[int, str], Finding] = {}
        self.is_cut = False

    def add(self, line: int, code: str, level: Level, *others: int, **values: Any) -> None:
        self.all.setdefault((line, code), Finding(line, code, level, values, tuple(sorted(set(others)))))

    def sorted(self, *, is_legacy: bool) -> tuple[Finding, ...]:
        """Returns them by line; a program that asks for Keras 2 may use what Keras 3 has no more."""
        kept = [one for one in self.all.values() if not (is_legacy and one.level == "old")]
        return tuple(sorted(kept, key=lambda one: (one.line, one.code)))


def _held_out(reader: Interpreter, found: _Found) -> None:
    """Reports pictures that chose the best epoch and then gave the score."""
    for origin, line, _ in reader.validations:
        if origin in reader.tests:
            found.add(line, "validation_is_test", "trap", reader.tests[origin])


def _never_frozen(reader: Interpreter, tree: ast.Module, text: str, found: _Found) -> None:
    """Reports a pretrained network that is trained whole in a program whose comments say that it is frozen."""
    if reader.is_freezing or words.mentions_freezing(tree):
        return
    claims, named = words.claims_of_freezing(text), words.named_frozen(tree)
    for uid in reader.trained:
        record = reader.state.heap.get(uid)
        is_said = record is not None and (claims or record["line"] in named)
        if record is not None and is_said and record["is_pretrained"]:
            found.add(record["line"], "never_frozen", "trap", *claims, network=record["name"])
