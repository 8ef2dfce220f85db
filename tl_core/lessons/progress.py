"""How far somebody is in a mission: what was answered, which runs are theirs, where they are. Plain, frozen data."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tl_core.errors import InputError
from tl_core.lessons.mission import Mission, Step

MOST_SIGNS = 2000  # of an explanation
MOST = 1e9  # of a number


@dataclass(frozen=True)
class Progress:
    """How far somebody is in one mission.

    Attributes:
        at: Id of the step that is open; "" before the first one, and of a mission that has none of this name any more.
        answers: Step → what was answered, as it was first said; an explanation as it was last said.
        passed: Steps that were left by going on.
        without: Steps that were left unanswered, since what they ask about was not measured.
        runs: Name of a run in the mission → id of the student's own.
        sweeps: The same of sweeps.
        began_at: When the first step was left, ISO 8601 in UTC; None: not begun.
        ended_at: When the last one was.
    """

    at: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)
    sweeps: Mapping[str, str] = field(default_factory=dict)
    began_at: str | None = None
    ended_at: str | None = None

    def to_dict(self) -> dict:
        """Returns JSON-able plain data."""
        return {**asdict(self), "passed": list(self.passed), "without": list(self.without)}

    @classmethod
    def from_dict(cls, data: Mapping | None) -> "Progress":
        """Returns the progress that `to_dict` described; a fresh one for None, and for what cannot be read."""
        try:
            told = dict(data or {})
            return cls(
                at=str(told.get("at") or ""),
                answers=dict(told.get("answers") or {}),
                passed=tuple(map(str, told.get("passed") or ())),
                without=tuple(map(str, told.get("without") or ())),
                runs=dict(told.get("runs") or {}),
                sweeps=dict(told.get("sweeps") or {}),
                began_at=told.get("began_at"),
                ended_at=told.get("ended_at"),
            )
        except (TypeError, ValueError):
            return cls()

    def fitting(self, mission: Mission) -> "Progress":
        """Returns what fits a mission whose plan was changed since: answers to its questions, runs that it has."""
        steps = {step.id: step for step in mission.steps}
        answers = {id: said for id, said in self.answers.items() if id in steps and _fits(steps[id], said, mission)}
        runs = {name: id for name, id in self.runs.items() if name in mission.runs}
        sweeps = {name: id for name, id in self.sweeps.items() if name in mission.sweeps}
        return replace(self, answers=answers, runs=runs, sweeps=sweeps)

    def open_step(self, mission: Mission) -> Step:
        """Returns the step that is open: the one that was left off at, as far as what comes before it is done."""
        wanted = mission.step(self.at) or mission.steps[0]
        return wanted if self.may_open(mission, wanted) else self._first_open(mission)

    def may_open(self, mission: Mission, step: Step) -> bool:
        """Says whether all that comes before a step is done."""
        before = mission.steps[: mission.steps.index(step)]
        return all(self.is_done(one) for one in before)

    def is_done(self, step: Step) -> bool:
        """Says whether a step is behind one: answered where it asks, started where it starts something, and left."""
        if step.kind == "run":
            return self.is_started(step)
        if step.is_question and step.id not in self.answers and not self.is_without(step):
            return False
        return step.id in self.passed

    def is_without(self, step: Step) -> bool:
        """Says whether a step was left unanswered, since what it asks about was not measured."""
        return step.kind == "look" and step.id in self.without

    def is_started(self, step: Step) -> bool:
        """Says whether all that a step has to be run was asked for."""
        return all(name in self.runs for name in step.runs) and (not step.sweep or step.sweep in self.sweeps)

    def n_done(self, mission: Mission) -> int:
        """Returns how many steps are behind one."""
        return sum(self.is_done(step) for step in mission.steps)

    def _first_open(self, mission: Mission) -> Step:
        return next((step for step in mission.steps if not self.is_done(step)), mission.steps[-1])

    # ---- what changes it; each returns another one ----

    def answered(self, step: Step, given: Any, *, mission: Mission) -> "Progress":
        """Keeps an answer. A prediction or quiz answer that was given once stays; explanations may be written anew.

        Raises:
            InputError: "answer_kept", or as `checked`.
        """
        given = checked(step, given, mission)
        if step.kind != "explain" and step.id in self.answers:
            raise InputError("answer_kept")
        return replace(self, answers={**self.answers, step.id: given})

    def went_on(self, mission: Mission, step: Step, now: str, *, is_measured: bool = True) -> "Progress":
        """Leaves a step for the next one; from one that is not done one does not get away.

        Args:
            mission: Of the step.
            step: The one that is left.
            now: The time of day, ISO 8601 in UTC.
            is_measured: Whether the runs that a look asks about have measured something; if not, it needs no answer.
        """
        passed = replace(self, passed=(*self.passed, step.id)) if step.id not in self.passed else self
        if not is_measured and step.id not in passed.without:
            passed = replace(passed, without=(*passed.without, step.id))
        if not passed.is_done(step):
            return self
        at = mission.steps.index(step) + 1
        is_over = at >= len(mission.steps)
        ended_at = (self.ended_at or now) if is_over else self.ended_at
        at_id = step.id if is_over else mission.steps[at].id
        return replace(passed, at=at_id, began_at=self.began_at or now, ended_at=ended_at)

    def with_run(self, name: str, run_id: str) -> "Progress":
        """Keeps which run is the student's own; one of this name that is there already is left."""
        return replace(self, runs={**self.runs, name: run_id})

    def with_sweep(self, name: str, sweep_id: str) -> "Progress":
        """As `with_run`, for a sweep."""
        return replace(self, sweeps={**self.sweeps, name: sweep_id})


def _fits(step: Step, given: Any, mission: Mission) -> bool:
    try:
        checked(step, given, mission)
    except InputError:
        return False
    return True


def checked(step: Step, given: Any, mission: Mission) -> Any:
    """Returns an answer as it is kept.

    Raises:
        InputError: "bad_answer": it is none that the step asks for.
    """
    asked = {*mission.measures[step.measure].runs} if step.measure in mission.measures else {*step.choices}
    if step.kind == "explain":
        text = " ".join(str(given).split()) if isinstance(given, str) else ""
        if 0 < len(text) <= MOST_SIGNS:
            return text
    elif step.form == "number":
        if _is_number(given):
            return float(given)
    elif step.form == "order":
        if isinstance(given, list | tuple) and len(given) == len(asked) and {*map(str, given)} == asked:
            return list(given)
    elif step.form == "sketch":
        if isinstance(given, Mapping) and set(given) == asked and all(map(_is_number, given.values())):
            return {str(name): float(value) for name, value in given.items()}
    elif isinstance(given, str) and given in step.choices:
        return given
    raise InputError("bad_answer", step=step.id)


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given) and abs(given) < MOST
