"""Lesson plans: what an instructor says and does from minute to minute, with a link to each page; from files.

A plan is `assets/lessons/plans/<id>.toml`, its order and times, and `<id>.<language>.md`, its words: a section for each
item as in a mission's text, with what to click under `### click` and what to expect of a class under `### answers`. An
instructor's own lie in `lessons/plans` of the data folder.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tl_core.errors import InputError
from tl_core.lessons.catalog import BUNDLED, OWN
from tl_core.lessons.mission_file import MOST_BYTES
from tl_core.lessons.mission_text import MissionText, read_text
from tl_core.phrases import LANGUAGES

FOLDER = "plans"
CLICK, ANSWERS = "click", "answers"
PAGES = ("learn", "lab", "data", "classify", "insights", "runs", "experiments", "recipes", "classroom")
_KEYS: Mapping[str, type] = MappingProxyType({"id": str, "to": int, "page": str, "query": dict})


@dataclass(frozen=True)
class Item:
    """Some minutes of a lesson.

    Attributes:
        id: Names its section in the texts.
        start: Minute in which it begins, from 0.
        end: Minute in which it is over.
        page: The page to open; "": none.
        query: What its address says, such as mission and step.
    """

    id: str
    start: int
    end: int
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LessonPlan:
    """A lesson with its words.

    Attributes:
        id: Name of its file.
        items: One after the other, without a gap.
        texts: Language → what is said.
    """

    id: str
    items: tuple[Item, ...]
    texts: Mapping[str, MissionText]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return self.items[-1].end


def plans(home: Path | None = None) -> tuple[dict[str, LessonPlan], list[InputError]]:
    """Returns id → plan, the shortest first, and what is wrong with those that cannot be read.

    Args:
        home: The data folder; one of its plans takes the place of one of the same name that comes with the lab.
    """
    found: dict[str, LessonPlan] = {}
    broken = []
    for root in (BUNDLED, *([home / OWN] if home else [])):
        for path in sorted((root / FOLDER).glob("*.toml")):
            try:
                found[path.stem] = read_plan(path)
            except InputError as error:
                broken.append(error)
    return {one.id: one for one in sorted(found.values(), key=lambda one: (one.minutes, one.id))}, broken


def read_plan(path: Path) -> LessonPlan:
    """Returns the plan of a file, with its texts beside it.

    Raises:
        InputError: "mission_unreadable" (file), "mission_syntax" (file, line, reason), "mission_value" (file, line,
            what, received, allowed), "mission_lacks" (file, line, received), or as `mission_text.read_text`.
    """
    items = _items(_read(path), path.name)
    texts = {}
    for language in LANGUAGES:
        words = path.with_name(f"{path.stem}.{language}.md")
        texts[language] = read_text(_read(words), words.name)
        _check_text(texts[language], items, words.name)
    return LessonPlan(path.stem, items, texts)


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ValueError
        return raw.decode()
    except (OSError, ValueError) as error:
        raise InputError("mission_unreadable", file=path.name) from error


def _items(text: str, file: str) -> tuple[Item, ...]:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line, why = int(found[1]) if found else len(text.splitlines()), str(error).partition(" (at")[0]
        raise InputError("mission_syntax", file=file, line=line, reason=why) from error
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip() == "[[item]]"]
    rows = told.get("item")
    if set(told) != {"item"} or not isinstance(rows, list) or not rows or len(lines) != len(rows):
        received = next((key for key in told if key != "item"), "")
        raise InputError("mission_value", file=file, line=1, what="plan", received=received, allowed=["[[item]]"])
    items: list[Item] = []
    for row, line in zip(rows, lines, strict=True):
        items.append(_item(row, items, file, line))
    return tuple(items)


def _item(row: Mapping[str, Any], before: Sequence[Item], file: str, line: int) -> Item:
    def refuse(what: str, received: object, allowed: Collection) -> InputError:
        said = str(received)[:80]
        return InputError("mission_value", file=file, line=line, what=what, received=said, allowed=list(allowed))

    for key, value in row.items():
        if key not in _KEYS:
            raise refuse("item", key, _KEYS)
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise refuse(key, value, [_KEYS[key].__name__])
    start, page, query = before[-1].end if before else 0, row.get("page", ""), row.get("query", {})
    id, end = row.get("id", ""), row.get("to", 0)
    if not id or id in {one.id for one in before}:
        raise refuse("id", id, ["…"])
    if end <= start:
        raise refuse("to", end, [f"> {start}"])
    if page not in ("", *PAGES):
        raise refuse("page", page, PAGES)
    if not all(isinstance(value, str) for value in query.values()):
        raise refuse("query", query, ["str"])
    return Item(id, start, end, page, query)


def _check_text(words: MissionText, items: Sequence[Item], file: str) -> None:
    for item in items:
        if item.id not in words.sections:
            raise InputError("mission_lacks", file=file, line=1, received=f"## {item.id}")
        section = words.sections[item.id]
        for part in (CLICK, ANSWERS):
            if part not in section.parts:
                raise InputError("mission_lacks", file=file, line=section.line, received=f"### {part}")
