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
    """Returns the runs that the visitor has of all cases: of equal ones the newest that ended well, else the newest."""
    found: dict[RunSpec, RunRecord] = {}
    by = state.visitor()
    for record in services.engine().runs.list_runs(by=by, owner=by.owner, limit=SEEN):
        with suppress(TransferLabError):  # a damaged record
            spec = RunSpec.from_dict(record.spec).with_changes(threads=None)
            if spec not in found or _is_better(record, found[spec]):
                found[spec] = record
    cases = [(case, which) for case in CASES.values() for which in (SICK, MENDED)]
    wanted = {f"{case.id}-{which}": case.spec(which, data_home()) for case, which in cases}
    return {name: found[spec].id for name, spec in wanted.items() if spec in found}


def _is_better(record: RunRecord, before: RunRecord) -> bool:
    return before.state is not RunState.COMPLETED and record.state is RunState.COMPLETED


def begin(case: Case, which: str) -> None:
    """Queues a run of a case; says in one sentence why it could not be queued."""
    name = t(f"clinic.name_{which}", n=list(CASES).index(case.id) + 1)
    try:
        spec = case.spec(which, data_home())
        record = services.engine().runs.submit(spec, name=name[:MOST_SIGNS], by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put(KEPT, {**kept(), f"{case.id}-{which}": record.id})
    st.rerun()
