"""One run's line on the panel: what it does and how to hold, step or stop it; or how it ended, and where it is from."""

import time
from collections.abc import Callable, Sequence
from types import MappingProxyType

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt, train_afresh
from pages.ui.blocks import progress_line
from pages.ui.sharing import may_change
from pages.ui.text import day, literal, percent, seconds, sentence, t, threads
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.evaluation.comparison import best_validation
from tl_core.spec import RANGES
from tl_core.store.records import RunRecord, RunState, last_number

ICONS = MappingProxyType(
    {
        "stop": ":material/stop:",
        "pause": ":material/pause:",
        "continue": ":material/play_arrow:",
        "step": ":material/skip_next:",
        "resume": ":material/play_arrow:",
        "longer": ":material/more_time:",
    }
)
MOST_EPOCHS = RANGES["epochs"][1]
ASK_S = 5.0  # after so long, when a waiting run will begin is worked out anew


def draw(snapshots: Sequence[RunSnapshot]) -> None:
    """Draws a line for each run, and below it what else there is to know: what was not cached, an error."""
    is_over = not any(snapshot.is_active for snapshot in snapshots)
    replaceable = next((one for one in snapshots if is_over and one.record.recorded_from), None)
    for snapshot in snapshots:
        with st.container(horizontal=True, vertical_alignment="center", key=f"state-{snapshot.record.role}"):
            _draw_line(snapshot)
        if snapshot.record.recorded_from and _draw_origin(snapshot.record, is_replaceable=snapshot is replaceable):
            train_afresh(snapshots)
        _draw_remarks(snapshot)


def _draw_line(snapshot: RunSnapshot) -> None:
    role = snapshot.record.role
    badge = f":{'violet' if role == 'run' else 'yellow'}-badge[{t(f'panel.{role}')}]"
    if snapshot.is_active:
        st.markdown(badge, width="content")
        progress_line(snapshot, _wait_s(snapshot))
        if may_change(snapshot.record):
            _draw_controls(snapshot)
    else:
        _draw_result(snapshot, badge)


def _wait_s(snapshot: RunSnapshot) -> float | None:
    """Returns in how many seconds a waiting run is expected to begin; None where that cannot be told.

    The engine is asked every few seconds; between that the time counts down.
    """
    if not snapshot.queue_position:
        return None
    name, now_s = f"wait-{snapshot.record.id}", time.monotonic()
    asked = state.get(name)
    if asked is None or now_s - asked[0] > ASK_S:
        asked = now_s, services.engine().runs.wait_s(snapshot.record.id)
        state.put(name, asked)
    left_s = (asked[1] or 0.0) - (now_s - asked[0])
    return left_s if left_s >= 1 else None


def _draw_remarks(snapshot: RunSnapshot) -> None:
    record = snapshot.record
    for before in (record.earlier or ()) if record.role == "run" else ():
        n_epochs = snapshot.spec.with_changes(epochs=before["epochs"]).all_epochs
        st.caption(t("panel.earlier", epochs=n_epochs, test=percent(before["test_accuracy"])))
    if is_too_large_to_cache(snapshot):
        st.caption(t("panel.not_cached"))
    is_again = snapshot.is_active and snapshot.n_lost > 0
    if is_again:
        st.info(t("panel.again"), icon=":material/restart_alt:")
    for error in (None if is_again else record.error, state.pop(f"problem-{record.id}")):
        if error:
            st.error(sentence(error))


def _draw_origin(record: RunRecord, *, is_replaceable: bool) -> bool:
    """Draws when and where the run was trained of which this one is a copy; returns whether to train it afresh."""
    machine = literal(record.environment.get("machine", "–"))
    with st.container(horizontal=True, vertical_alignment="center", key=f"origin-{record.role}"):
        origin = t("panel.recorded", date=day(record.recorded_at), machine=machine, threads=threads(record))
        st.caption(origin, width="content")
        help_ = t("panel.afresh_help")
        return is_replaceable and st.button(
            t("panel.afresh"), key="afresh", icon=":material/refresh:", type="tertiary", help=help_
        )


def is_too_large_to_cache(snapshot: RunSnapshot) -> bool:
    """Says whether features could have been kept, but are too many for what they are worth."""
    spec, is_cached = snapshot.spec, snapshot.record.is_cached
    is_always_new = spec.augment != "none" and spec.views == "fresh"
    is_fixed = spec.batchnorm != "updating" and spec.fault != "never-frozen"  # what is frozen, so that it could be kept
    return is_cached is False and spec.n_frozen > 0 and spec.use_cache and is_fixed and not is_always_new


def _draw_controls(snapshot: RunSnapshot) -> None:
    """Draws what can be done to a run that waits or trains."""
    engine = services.engine()
    actions: dict[str, Callable[..., None]] = {"stop": engine.runs.stop}
    if snapshot.is_paused and not engine.status().is_held:
        actions = {"continue": engine.runs.resume_paused, "step": engine.runs.step} | actions
    elif not snapshot.queue_position and not snapshot.is_paused:
        actions = {"pause": engine.runs.pause} | actions
    key = f"controls-{snapshot.record.role}"
    with st.container(horizontal=True, wrap=False, gap="xxsmall", width="content", key=key):
        for name, action in actions.items():
            _draw_button(name, snapshot.record.id, action, is_disabled=snapshot.is_stopping)


def draw_longer(snapshot: RunSnapshot) -> None:
    """Draws a button that has a completed run go on for as many epochs again, its baseline with it."""
    record, spec = snapshot.record, snapshot.spec
    is_whole = record.state is RunState.COMPLETED and last_number(snapshot.epochs) == spec.all_epochs
    can_grow = spec.epochs < MOST_EPOCHS and not (spec.is_fitted or spec.is_scheduled("cosine"))
    if is_whole and can_grow and may_change(record) and "imported" not in record.environment:
        epochs = min(2 * spec.epochs, MOST_EPOCHS)
        _draw_button("longer", record.id, services.engine().runs.go_on, epochs, n=epochs - spec.epochs)


def _draw_button(
    name: str, run_id: str, action: Callable[..., None], *told: object, is_disabled: bool = False, **words: object
) -> None:
    """Draws a button that does `action(run_id, *told)`; `words` are named in its label."""
    st.button(
        t(f"panel.{name}", **words),
        key=f"{name}-{run_id}",
        icon=ICONS[name],
        help=t(f"panel.{name}_help"),
        disabled=is_disabled,
        on_click=attempt,  # pyright: ignore[reportArgumentType]
        args=[action, run_id, *told],
    )


def _draw_result(snapshot: RunSnapshot, badge: str) -> None:
    record, n_epochs = snapshot.record, last_number(snapshot.epochs)
    is_early = record.state is RunState.COMPLETED and n_epochs < snapshot.spec.all_epochs and snapshot.spec.patience > 0
    result = t(
        "panel.completed_early" if is_early else f"panel.{record.state.value}",
        epochs=n_epochs,
        validation=percent(best_validation(snapshot.epochs)),
        test=percent(record.test_accuracy),
        seconds=seconds(record.seconds),
    )
    st.markdown(f"{badge} {result}", width="stretch")
    if record.is_resumable and may_change(record):
        _draw_button("resume", record.id, services.engine().runs.resume)
