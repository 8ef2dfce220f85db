"""Records whose fields say for themselves what they may hold: checked when made, as JSON, and as parameters of a link.

A field is declared in one place: type, default, what is allowed, and what makes it decide nothing. A value with a
structure of its own, such as a schedule, is a rule of its own: `check` takes the object, its plain form or its text.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from itertools import groupby
from typing import Any, Protocol, Self

from tl_core.errors import SpecError


class Rule(Protocol):
    """What a field may hold."""

    def check(self, name: str, value: object) -> Any:
        """Returns a value in its right type.

        Args:
            name: The field.
            value: The value, its plain form, or its text as a person typed it.

        Raises:
            SpecError: Naming field, what was received and what is allowed.
        """

    def text(self, value: object) -> str:
        """Returns a value as a link has it; `check` reads it again."""
        return str(value)


@dataclass(frozen=True)
class Text(Rule):
    """Any text.

    Attributes:
        is_open: Whether there need not be one: None, in a link nothing.
    """

    is_open: bool = False

    def check(self, name: str, value: object) -> str | None:
        return None if self.is_open and value in (None, "") else str(value)

    def text(self, value: object) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Choice(Rule):
    """One of some words."""

    allowed: tuple[str, ...]

    def check(self, name: str, value: object) -> object:
        if value not in self.allowed:
            raise SpecError("spec_choice", field=name, received=_short(value), allowed=list(self.allowed))
        return value


@dataclass(frozen=True)
class Switch(Rule):
    """Yes or no."""

    def check(self, name: str, value: object) -> bool:
        known = {"true": True, "false": False, "1": True, "0": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() not in known:
            raise SpecError("spec_choice", field=name, received=_short(value), allowed=["true", "false"])
        return known[str(value).lower()]

    def text(self, value: object) -> str:
        return str(value).lower()


@dataclass(frozen=True)
class Number(Rule):
    """A number in a range, whole where the range is.

    Attributes:
        low: The smallest one.
        high: The largest one.
        is_open: Whether it may be left open: None, in a text "all".
    """

    low: float
    high: float
    is_open: bool = False

    def check(self, name: str, value: Any) -> int | float | None:
        if self.is_open and value in (None, "", "all"):
            return None
        kind: Any = float if isinstance(self.low, float) else int
        try:
            number = kind(value)
            exact = float(value) == number
        except (TypeError, ValueError, OverflowError):
            raise SpecError("spec_number", field=name, received=_short(value), low=self.low, high=self.high) from None
        if isinstance(value, bool) or not exact or not math.isfinite(number) or not self.low <= number <= self.high:
            raise SpecError("spec_range", field=name, received=_short(value), low=self.low, high=self.high)
        return number + 0  # −0.0 becomes 0.0: equal records must have equal fingerprints

    def text(self, value: object) -> str:
        return "all" if value is None else str(value)


_PART = re.compile(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?")


@dataclass(frozen=True)
class Numbers(Rule):
    """Some whole numbers of a range as a text: ascending, each once, those in a row joined ("12,14-16"); "": none.

    Attributes:
        low: The smallest one.
        high: The largest one.
    """

    low: int
    high: int

    def check(self, name: str, value: object) -> str:
        text = str(value)
        parts = [_PART.fullmatch(part) for part in text.split(",")] if text.strip() else []
        ends = [(int(part[1]), int(part[2] or part[1])) for part in parts if part]
        if isinstance(value, bool | None) or len(ends) < len(parts) or any(first > last for first, last in ends):
            raise SpecError("spec_number", field=name, received=_short(value), low=self.low, high=self.high)
        if any(first < self.low or last > self.high for first, last in ends):
            raise SpecError("spec_range", field=name, received=_short(value), low=self.low, high=self.high)
        return joined(number for first, last in ends for number in range(first, last + 1))


def joined(numbers: Iterable[int]) -> str:
    """Returns whole numbers as `Numbers` has them: "12,14-16"."""
    ascending = enumerate(sorted(set(numbers)))
    rows = [[number for _, number in row] for _, row in groupby(ascending, key=lambda pair: pair[1] - pair[0])]
    return ",".join(str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1]}" for row in rows)


def apart(text: str) -> frozenset[int]:
    """Returns the numbers of a text that `joined` made."""
    ends = [part.split("-") for part in text.split(",") if part]
    return frozenset(number for one in ends for number in range(int(one[0]), int(one[-1]) + 1))


def setting(default: Any, rule: Rule, *, unused: Callable[[Any], bool] = lambda record: False) -> Any:
    """Declares a field.

    Args:
        default: Its default, as the rule would return it.
        rule: What it may hold.
        unused: Says of a record whether the field decides nothing beside the others.
    """
    return field(default=default, metadata={"rule": rule, "unused": unused})


@dataclass(frozen=True)
class Checked:
    """Base of records made of `setting`s."""

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, _rule(one).check(one.name, getattr(self, one.name)))

    @classmethod
    def rules(cls) -> dict[str, Rule]:
        """Returns field → what it may hold, in the order of declaration."""
        return {one.name: _rule(one) for one in fields(cls)}

    def to_dict(self) -> dict:
        """Returns the record as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping) -> Self:
        """Returns the record that `to_dict` described; names it does not know are refused.

        Raises:
            SpecError: "unknown_field", or a value outside what is allowed.
        """
        known = set(cls.rules())
        for name in data:
            if name not in known:
                raise SpecError("unknown_field", received=str(name), allowed=sorted(known))
        return cls(**data)

    def to_query(self, always: Collection[str] = ()) -> dict[str, str]:
        """Returns the record as parameters of a link, without what equals the default.

        Args:
            always: Fields that are written in any case.
        """
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        changed = {one.name for one in fields(self) if values[one.name] != one.default}
        return {name: rule.text(values[name]) for name, rule in self.rules().items() if name in {*always, *changed}}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Reads a link's parameters; opening a link can never fail.

        Returns:
            The record, and the names of the fields whose value was replaced by the default.
        """
        values, replaced = {}, []
        for name, rule in cls.rules().items():
            if name in query:
                try:
                    values[name] = rule.check(name, query[name])
                except SpecError:
                    replaced.append(name)
        return cls(**values), replaced

    def unused_fields(self) -> set[str]:
        """Returns the fields that decide nothing beside the others, such as the momentum of Adam."""
        return {one.name for one in fields(self) if one.metadata["unused"](self)}

    def canonical(self) -> Self:
        """Returns the one copy of all records that differ only in what decides nothing: there it has the defaults."""
        unused = self.unused_fields()
        return self.with_changes(**{one.name: one.default for one in fields(self) if one.name in unused})

    def fingerprint(self) -> str:
        """Returns 16 hexadecimal digits that are equal for equal records."""
        written = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()[:16]

    def with_changes(self, **changes: object) -> Self:
        """Returns a copy with some fields changed, validated again."""
        return replace(self, **changes)


def _rule(one: Field) -> Rule:
    return one.metadata["rule"]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
