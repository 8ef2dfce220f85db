"""The words of a mission, from a Markdown file in each language.

    # Title
    What it asks, in a sentence.

    ## step-id: Heading of the step
    Text.

    - choice-id: What can be answered

    ### answer
    What is shown once an answer was given.

`## runs` names the runs, `## end` holds the sentence that the student's own runs support, one for each verdict where
the mission has a conclusion, and under `### limits` what it does not show. {run.value} and {measure} stand for what the
student's own runs measured.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tl_core.errors import InputError
from tl_core.lessons.measures import VALUES
from tl_core.lessons.mission import Mission

RUNS, END, ANSWER, LIMITS = "runs", "end", "answer", "limits"
_CHOICE = re.compile(r"- ([a-z0-9_-]+): (.+)")
_PLACE = re.compile(r"\{([a-z0-9_-]+)(?:\.([a-z_]+))?\}")


@dataclass
class Section:
    """The words of one step.

    Attributes:
        line: Where it begins in its file, from 1.
        title: Its heading.
        body: Its text, as Markdown.
        choices: Id → what can be answered, or what stands at the end for a verdict.
        parts: Name of a part below it → its text.
    """

    line: int
    title: str
    body: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MissionText:
    """The words of a mission in one language."""

    title: str
    lead: str
    sections: Mapping[str, Section]

    def run_name(self, name: str) -> str:
        """Returns what a run of the mission is called."""
        return self.sections[RUNS].choices.get(name, name)

    def choice(self, step: str, id: str) -> str:
        """Returns what can be answered in words; a run's name where the step says nothing of its own."""
        return self.sections[step].choices.get(id) or self.run_name(id)


def read_text(text: str, file: str) -> MissionText:
    """Returns the words of a file.

    Args:
        text: Of the file.
        file: What errors call it.

    Raises:
        InputError: "mission_text": a line stands where none may, with file, line and reason ("no_title",
            "before_section", "twice").
    """
    title, lead = "", ""
    sections: dict[str, Section] = {}
    section, part = None, None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# ") and not title:
            title = line[2:].strip()
        elif line.startswith("## "):
            id, _, heading = line[3:].partition(":")
            id, part = id.strip(), None
            if id in sections:
                raise InputError("mission_text", file=file, line=number, reason="twice", received=id)
            section = sections[id] = Section(number, heading.strip())
        elif section is None:
            if line.strip() and not title:
                raise InputError("mission_text", file=file, line=number, reason="no_title", received=line.strip()[:40])
            lead = f"{lead} {line.strip()}".strip()
        elif line.startswith("### "):
            part = line[4:].strip()
            section.parts[part] = ""
        elif part is None and (found := _CHOICE.fullmatch(line.strip())):
            section.choices[found[1]] = found[2].strip()
        elif part is None:
            section.body += f"{line}\n"
        else:
            section.parts[part] += f"{line}\n"
    if not title:
        raise InputError("mission_text", file=file, line=1, reason="no_title", received="")
    for one in sections.values():
        one.body = one.body.strip()
        one.parts = {name: text.strip() for name, text in one.parts.items()}
    return MissionText(title, lead, sections)


def check_text(words: MissionText, mission: Mission, file: str) -> None:
    """Checks that a text says all that its mission needs, and names nothing that there is not.

    Raises:
        InputError: "mission_lacks" (file, line, received: what is missing) or "mission_place" (file, line, received:
            what a brace names, allowed).
    """
    for needed in (*(step.id for step in mission.steps), END, *([RUNS] if mission.runs else [])):
        if needed not in words.sections:
            raise InputError("mission_lacks", file=file, line=1, received=f"## {needed}")
    for id, choice in _needed_choices(mission):
        if choice not in words.sections[id].choices:
            raise InputError("mission_lacks", file=file, line=words.sections[id].line, received=f"- {choice}:")
    answered = [one.id for one in mission.steps if one.kind == "explain" or (one.choices and one.kind != "predict")]
    parts = [(id, ANSWER) for id in answered]
    for id, part in [*parts, (END, LIMITS)]:
        if part not in words.sections[id].parts:
            raise InputError("mission_lacks", file=file, line=words.sections[id].line, received=f"### {part}")
    for section in words.sections.values():
        for text in (section.body, *section.choices.values(), *section.parts.values()):
            _check_places(text, mission, file, section.line)


def _needed_choices(mission: Mission) -> Iterator[tuple[str, str]]:
    """Yields (section, choice) of all that needs words; the name of a run will do where a run can be answered."""
    yield from ((RUNS, name) for name in mission.runs)
    for step in mission.steps:
        yield from ((step.id, choice) for choice in step.choices if choice not in mission.runs)
    if mission.conclusion:
        yield from ((END, verdict) for verdict in mission.verdicts(mission.conclusion))


def _check_places(text: str, mission: Mission, file: str, line: int) -> None:
    for found in _PLACE.finditer(text):
        name, value = found[1], found[2]
        if value is None and name not in mission.measures:
            allowed = sorted(mission.measures)
        elif value is not None and (name not in mission.runs or value not in VALUES):
            allowed = [f"{run}.{value}" for run in mission.runs for value in VALUES]
        else:
            continue
        raise InputError("mission_place", file=file, line=line, received=found[0], allowed=allowed)


def places(text: str) -> set[tuple[str, str | None]]:
    """Returns what the braces of a text name: (run, value), or (measure, None)."""
    return {(found[1], found[2]) for found in _PLACE.finditer(text)}


def filled(text: str, said: Mapping[tuple[str, str | None], str]) -> str:
    """Returns a text with what its braces stand for; a brace that nothing is known of becomes "–"."""
    return _PLACE.sub(lambda found: said.get((found[1], found[2]), "–"), text)
