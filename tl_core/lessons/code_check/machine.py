"""What the parts of the reader ask of each other: the state, what was found, and to evaluate and call."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tl_core.lessons.code_check.findings import Level
from tl_core.lessons.code_check.state import State
from tl_core.lessons.code_check.values import Value

MOST_STEPS = 60_000
"""Statements and expressions that are looked at: more than 200 kB have, unless functions call each other."""


class TooLong(Exception):
    """The program takes more steps than are looked at: what was found so far stands."""


class Arguments:
    """What a call is given, by place and by name."""

    def __init__(self, placed: Sequence[Value], named: Mapping[str, Value], node: ast.Call, *, is_whole: bool) -> None:
        self.placed, self.named, self.node, self.is_whole = list(placed), dict(named), node, is_whole

    def get(self, name: str, place: int | None = None, default: Value = None) -> Value:
        """Returns an argument, by its name, else by its place, else the default."""
        if name in self.named:
            return self.named[name]
        return self.placed[place] if place is not None and place < len(self.placed) else default

    def line(self, name: str, place: int | None = None) -> int:
        """Returns the line on which an argument stands; that of the call where it is not given."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value.lineno
        if place is not None and place < len(self.node.args):
            return self.node.args[place].lineno
        return self.node.lineno


class Machine(Protocol):
    """What reads a program.

    Attributes:
        state: What is known at this place.
        in_some: Whether what is read is done to some layers only, as behind an `if` in a loop over them.
        tests: Sets of pictures that were evaluated: origin → line.
        trained: Networks that were trained by `fit`, by number.
        is_freezing: Whether the program sets `trainable` anywhere that was read.
    """

    state: State
    in_some: bool
    tests: dict[tuple, int]
    trained: dict[int, int]
    is_freezing: bool
    validations: list[tuple[tuple, int, str]]

    def step(self) -> None: ...

    def report(self, line: int, code: str, level: Level, *others: int, **values: Any) -> None: ...

    def evaluate(self, node: ast.AST | None) -> Value: ...

    def call(self, function: Value, args: Arguments) -> Value: ...

    def call_own(self, function: Value, placed: Sequence[Value], line: int) -> Value: ...
