"""Which of a visitor's runs belong to a case of the clinic: begun here, or found again by what they train."""

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from pages.ui import services, state
from pages.ui.run_names import MOST_SIGNS
from pages.ui.text import sentence, t
from tl_core.disk.home import data_home
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.lessons.clinic import CASES, MENDED, SICK, Case
from tl_core.phrases import LANGUAGES
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord, RunState

SEEN = 500  # of the visitor's newest runs
KEPT = "clinic-runs"


def runs_of(case: Case) -> dict[str, RunSnapshot]:
    """Returns the sick and the mended run of a case, as far as the visitor has them."""
    found = {}
    for which in (SICK, MENDED):
        run_id = kept().get(f"{case.id}-{which}")
        with suppress(UnknownIdError):  # deleted meanwhile
            if run_id is not None:
                found[which] = services.engine().runs.snapshot(run_id, by=state.visitor())
    return found


def kept() -> Mapping[str, str]:
    """Returns "<case>-<which>" → the visitor's run; looked for in the store once in a visit."""
    if state.get(KEPT) is None:
        state.put(KEPT, _found())
    return state.get(KEPT)


def _found() -> dict[str, str]:
    """Returns the runs that the visitor has of all cases: of several the newest that ended well, else the newest."""
    trained: dict[RunSpec, list[RunRecord]] = {}
    by = state.visitor()
    for record in services.engine().runs.list_runs(by=by, owner=by.owner, limit=SEEN):
        with suppress(TransferLabError):  # a damaged record
            trained.setdefault(RunSpec.from_dict(record.spec).with_changes(threads=None), []).append(record)
    found = {}
    for case, which in [(case, which) for case in CASES.values() for which in (SICK, MENDED)]:
        records = [record for record in trained.get(case.spec(which, data_home()), ()) if _is_of(record, case, which)]
        if records:
            records.sort(key=lambda record: record.state is not RunState.COMPLETED)
            found[f"{case.id}-{which}"] = records[0].id
    return found


def _is_of(record: RunRecord, case: Case, which: str) -> bool:
    """Says whether a run with the right settings is of a case: several share a mended run, so its name must say so."""
    return which == SICK or record.name in {name_of(case, which, language) for language in LANGUAGES}


def name_of(case: Case, which: str, language: str | None = None) -> str:
    """Returns what a run of a case is called."""
    title = t(f"clinic_case.{case.id}.title", language)
    return t(f"clinic.name_{which}", language, title=title)[:MOST_SIGNS]


def begin(case: Case, which: str) -> None:
    """Queues a run of a case; says in one sentence why it could not be queued."""
    try:
        spec = case.spec(which, data_home())
        record = services.engine().runs.submit(spec, name=name_of(case, which), by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put(KEPT, {**kept(), f"{case.id}-{which}": record.id})
    st.rerun()
