"""How far the class is in a mission, and what its runs measured: asked of the store once for all who look."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.ui import services, state
from tl_core.errors import TransferLabError
from tl_core.lessons.class_view import of_mission
from tl_core.lessons.measures import Result, measured
from tl_core.lessons.mission import Mission, Step
from tl_core.lessons.progress import Progress
from tl_core.store.access import Visitor, check_instructor
from tl_core.store.lesson import board_start
from tl_core.store.progress_records import ProgressRecord

KEPT_S = 2.0  # a class is asked for once in so long, however many tabs look at it


def everybody() -> list[ProgressRecord]:
    """Returns how far all are in all lessons.

    Raises:
        StoreError: "instructor_only".
    """
    by = state.visitor()
    check_instructor(by)
    return _everybody(str(services.engine().home), by)


@st.cache_data(ttl=KEPT_S, max_entries=2, show_spinner=False)
def _everybody(home: str, _by: Visitor) -> list[ProgressRecord]:
    """Returns what the store has; of one data folder all instructors find the same."""
    store = services.engine().store
    return store.progress.everybody(by=_by, since=board_start(store))


def class_of(mission: Mission) -> dict[str, Progress]:
    """Returns owner → how far they are, of all who have begun a mission."""
    return of_mission(everybody(), mission)


def measured_by_class(mission: Mission, step: Step, class_: Mapping[str, Progress]) -> list[Any]:
    """Returns what the runs of each student measured, of those whose runs are over."""
    runs = tuple((tuple(one.runs.items()), tuple(one.sweeps.items())) for one in class_.values())
    return _measured(str(services.engine().home), mission.id, step.id, runs, mission, step, class_, state.visitor())


@st.cache_data(ttl=2 * KEPT_S, max_entries=16, show_spinner=False)
def _measured(
    home: str,
    mission: str,
    step: str,
    runs: tuple,
    _mission: Mission,
    _step: Step,
    _class: Mapping[str, Progress],
    _by: Visitor,
) -> list[Any]:
    found = (_measured_by(_mission, _step, progress, _by) for progress in _class.values())
    return [one for one in found if one is not None]


def _measured_by(mission: Mission, step: Step, progress: Progress, by: Visitor) -> Any:
    """Returns what the runs of one student measured; None as long as they are not over, or where one was deleted."""
    engine, measure = services.engine(), mission.measures[step.measure]
    with suppress(TransferLabError):
        results = {}
        for name in measure.runs:
            if name not in progress.runs:
                return None
            record = engine.runs.find(progress.runs[name], by=by)
            results[name] = Result(record, engine.store.epochs(record.id))
        rows = {}
        if measure.sweep:
            if measure.sweep not in progress.sweeps:
                return None
            snapshot = engine.sweeps.snapshot(progress.sweeps[measure.sweep], by=by)
            if snapshot.record.is_active:
                return None
            rows[measure.sweep] = snapshot.rows
        return measured(measure, results, mission, rows)
    return None
