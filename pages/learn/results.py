"""The runs of a mission as the visitor has them, and what they measured in words."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from pages.ui import services, state
from pages.ui.text import count, percent, seconds, t
from tl_core.disk.home import data_home
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.evaluation.comparison import compare_runs
from tl_core.lessons.measures import VALUES, Result, measured, ties, unit
from tl_core.lessons.mission import NOISE, Measure, Mission
from tl_core.lessons.mission_text import MissionText, filled, places
from tl_core.lessons.progress import Progress
from tl_core.store.records import RunState, SweepState

Standing = Literal["measured", "undecided", "lost", "open"]
"""A measure says something; it says nothing though all of its runs are whole; one of them did not get to its end; or
one is under way, or not there."""


@dataclass(frozen=True)
class Results:
    """What the visitor's own runs of a mission are, as far as they are still there.

    Attributes:
        runs: Name in the mission → the run as it is now.
        sweeps: The same of sweeps.
    """

    mission: Mission
    runs: Mapping[str, RunSnapshot] = field(default_factory=dict)
    sweeps: Mapping[str, SweepSnapshot] = field(default_factory=dict)

    @property
    def is_moving(self) -> bool:
        """Whether something of it is not over."""
        return any(one.is_active for one in (*self.runs.values(), *(two.record for two in self.sweeps.values())))

    def is_lost(self, *, runs: Sequence[str] = (), sweep: str = "") -> bool:
        """Whether something will never be measured as it is: deleted, failed or stopped; a sweep's trial, too."""
        return bool(self.lost_runs(runs)) or bool(sweep and self.n_lost_trials(sweep) != 0)

    def is_gone(self, *, runs: Sequence[str] = (), sweep: str = "") -> bool:
        """Whether something is not there: not started yet, deleted, or no more what the mission trains."""
        return not {*runs} <= {*self.runs} or bool(sweep and self.n_lost_trials(sweep) is None)

    def is_unmeasured(self, *, runs: Sequence[str] = (), sweep: str = "") -> bool:
        """Whether what is lost leaves nothing to be asked about: a run, or all trials of a sweep."""
        rows = self.sweeps[sweep].rows if sweep in self.sweeps else ()
        return bool(self.lost_runs(runs)) or bool(sweep and self.n_lost_trials(sweep) in (None, len(rows)))

    def lost_runs(self, runs: Sequence[str]) -> list[str]:
        """Returns those of some runs that will never be measured as they are."""
        on = {name for name, one in self.runs.items() if one.is_active or one.record.state is RunState.COMPLETED}
        return [name for name in runs if name not in on]

    def n_lost_trials(self, sweep: str) -> int | None:
        """Returns how many trials of a sweep at rest have no result; 0 of one under way, None of one that is gone."""
        found = self.sweeps.get(sweep)
        if found is None or found.record.state is SweepState.OFFERED:
            return None
        return 0 if found.is_active else sum(row["state"] != RunState.COMPLETED for row in found.rows)

    def standing(self, measure: str) -> Standing:
        """Returns whether a measure says something, and if not, why."""
        found = self.mission.measures[measure]
        if self.measured(measure) is not None:
            return "measured"
        is_moving = any(self.runs[name].is_active for name in found.runs if name in self.runs)
        is_moving = is_moving or (found.sweep in self.sweeps and self.sweeps[found.sweep].is_active)
        if is_moving or self.is_gone(runs=found.runs, sweep=found.sweep):
            return "open"
        return "lost" if self.is_lost(runs=found.runs, sweep=found.sweep) else "undecided"

    def measured(self, measure: str) -> Any:
        """Returns what a measure of the mission says; None as long as it says nothing."""
        rows = {name: one.rows for name, one in self.sweeps.items() if not one.record.is_active}
        return measured(self.mission.measures[measure], self.results, self.mission, rows)

    def ties(self, measure: str) -> frozenset[tuple[str, str]]:
        """Returns the pairs of an order that could be chance."""
        found = self.mission.measures[measure]
        return ties(found, self.results) if all(name in self.runs for name in found.runs) else frozenset()

    @property
    def results(self) -> dict[str, Result]:
        return {name: Result(one.record, one.epochs) for name, one in self.runs.items()}


def results_of(mission: Mission, progress: Progress, *, is_again: bool = False) -> Results:
    """Looks at the visitor's runs of a mission; one that was deleted is left out.

    Args:
        mission: Which one.
        progress: Which runs are theirs.
        is_again: Whether the page looks again a moment later: what has not changed is not looked up.
    """
    engine, by = services.engine(), state.visitor()
    seen: Mapping[str, RunSnapshot] = state.get("mission-seen", {}) if is_again else {}
    runs: dict[str, RunSnapshot] = {}
    sweeps: dict[str, SweepSnapshot] = {}
    for name, id in progress.runs.items():
        if name in mission.runs:
            with suppress(UnknownIdError):
                is_same = id in seen and engine.runs.version(id) == seen[id].version
                found = seen[id] if is_same else engine.runs.snapshot(id, by=by)
                if is_same or _is_as_asked(found, mission, name):
                    runs[name] = found
    for name, id in progress.sweeps.items():
        if name in mission.sweeps:
            with suppress(UnknownIdError):
                sweeps[name] = engine.sweeps.snapshot(id, by=by)
    state.put("mission-seen", {one.record.id: one for one in runs.values()})
    return Results(mission, runs, sweeps)


def _is_as_asked(found: RunSnapshot, mission: Mission, name: str) -> bool:
    """Says whether a run is what the mission trains: it may have gone on since, or the plan may have been changed."""
    try:
        return found.spec.with_changes(threads=None) == mission.spec(name, data_home())
    except TransferLabError:  # its data are gone
        return False


def told(text: str, words: MissionText, results: Results) -> str:
    """Returns a text of a mission with what its braces stand for."""
    said = {}
    for name, value in places(text):
        if value is None:
            said[name, None] = said_of(name, words, results)
        else:
            result = results.results.get(name)
            number = VALUES[value].of(result) if result is not None and result.is_done else None
            said[name, value] = number_said(number, VALUES[value].unit)
    return filled(text, said)


def is_known(text: str, results: Results) -> bool:
    """Says whether all that the braces of a text name was measured."""
    for name, value in places(text):
        result = results.results.get(name)
        if value is None and results.measured(name) is None:
            return False
        if value is not None and (result is None or not result.is_done or VALUES[value].of(result) is None):
            return False
    return True


def said_of(measure: str, words: MissionText, results: Results) -> str:
    """Returns what a measure says, in words; a difference of test accuracies with its 95 % interval."""
    found, value = results.mission.measures[measure], results.measured(measure)
    said = value_said(found, value, words)
    if value is None or found.kind != "difference" or found.of != "test_accuracy":
        return said
    compared = compare_runs(*(results.runs[name].record for name in found.runs))
    if compared is None:
        return said
    return t("learn.with_interval", said=said, low=_points(compared.low), high=_points(compared.high))


def value_said(measure: Measure, value: Any, words: MissionText) -> str:
    """Returns a value of a measure in words, measured or predicted; "–" where there is none."""
    if value is None:
        return "–"
    if measure.kind == "order":
        return " > ".join(words.run_name(name) for name in value)
    if measure.kind == "curve":
        of = VALUES[measure.of].unit
        return t("unit.comma").join(f"{words.run_name(name)} {number_said(one, of)}" for name, one in value.items())
    if measure.kind == "sweep":
        return str(value)
    if measure.kind == "best":
        return t("learn.noise") if value == NOISE else words.run_name(value)
    return number_said(value, unit(measure))


def number_said(number: float | None, unit: str) -> str:
    """Returns a number of a unit of `lessons.measures.unit` as people read it."""
    if number is None:
        return "–"
    if unit == "share":
        return percent(number)
    if unit == "points":
        return t("learn.points", n=_points(number))
    if unit == "seconds":
        return seconds(number)
    return f"×{number:.1f}" if unit == "times" else count(round(number))


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−")
