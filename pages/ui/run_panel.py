"""The run that a visitor looks at: live beside its baseline while they train, with a verdict afterwards."""

import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import accuracy_with_margin, curves, progress_line, weight_proof
from pages.ui.text import literal, percent, seconds, sentence, t
from tl_core.engine.snapshots import RunSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.evaluation.comparison import best_validation, compare_runs, seconds_to
from tl_core.store.records import RunRecord, RunState


def draw() -> None:
    """Draws the run that the address names, redrawn each second while it or its baseline is active."""
    run_id = state.run_id()
    if run_id is None:
        st.info(t("panel.empty"), icon=":material/science:")
        return
    try:
        snapshots = look(run_id)
    except UnknownIdError as error:
        st.warning(sentence(error))
        state.open_run(None)
        return
    is_active = any(snapshot.is_active for snapshot in snapshots)
    st.fragment(_draw_live, run_every=1.0 if is_active else None)(run_id, is_active)


def look(run_id: str) -> list[RunSnapshot]:
    """Returns a run and, where it has one, its twin; the run first, then the baseline."""
    first = services.engine().snapshot(services.engine().store.get(run_id).id)
    if first.record.twin_id is None:
        return [first]
    both = [first, services.engine().snapshot(first.record.twin_id)]
    return sorted(both, key=lambda snapshot: snapshot.record.role == "baseline")


def _draw_live(run_id: str, was_active: bool) -> None:
    try:
        snapshots = look(run_id)
    except UnknownIdError:  # deleted meanwhile, in another tab
        st.rerun()
    is_active = any(snapshot.is_active for snapshot in snapshots)
    st.subheader(literal(snapshots[0].record.name), anchor=False)
    for snapshot in snapshots:
        _draw_state(snapshot)
    verdict = st.container()  # is there from the start, so that the charts below stay where they are when it is filled
    if any(snapshot.trace for snapshot in snapshots):
        curves(snapshots, [t(f"panel.{snapshot.record.role}") for snapshot in snapshots], key="panel")
    if not is_active:
        with verdict:
            _draw_verdict(snapshots)
        _draw_next(snapshots[0].record)
    if was_active != is_active:
        st.rerun()  # once: begins or ends the polling


def _draw_state(snapshot: RunSnapshot) -> None:
    record = snapshot.record
    badge = f":{'blue' if record.role == 'run' else 'orange'}-badge[{t(f'panel.{record.role}')}]"
    with st.container(horizontal=True, vertical_alignment="center", key=f"state-{record.role}"):
        if snapshot.is_active:
            st.markdown(badge, width="content")
            progress_line(snapshot)
            st.button(
                t("panel.stop"),
                key=f"stop-{record.id}",
                icon=":material/stop:",
                disabled=snapshot.is_stopping,
                on_click=services.engine().stop,
                args=[record.id],
            )
        else:
            _draw_result(snapshot, badge)
    for error in (record.error, state.taken(f"problem-{record.id}")):
        if error:
            st.error(sentence(error))


def _draw_result(snapshot: RunSnapshot, badge: str) -> None:
    record, n_epochs = snapshot.record, len(snapshot.epochs)
    is_early = record.state is RunState.COMPLETED and n_epochs < snapshot.spec.epochs
    result = t(
        "panel.completed_early" if is_early else f"panel.{record.state.value}",
        epochs=n_epochs,
        validation=percent(best_validation(snapshot.epochs)),
        test=percent(record.test_accuracy),
        seconds=seconds(record.seconds),
    )
    st.markdown(f"{badge} {result}", width="stretch")
    if record.state in (RunState.STOPPED, RunState.INTERRUPTED):
        st.button(
            t("panel.resume"),
            key=f"resume-{record.id}",
            icon=":material/play_arrow:",
            on_click=_resume,
            args=[record.id],
        )


def _resume(run_id: str) -> None:
    """Resumes a run; when another tab was faster, the panel says so."""
    try:
        services.engine().resume(run_id)
    except TransferLabError as error:
        state.keep(f"problem-{run_id}", error.to_dict())


def _draw_verdict(snapshots: list[RunSnapshot]) -> None:
    """Draws which was better, how sure that is, and what the learner may conclude."""
    compared = compare_runs(*(snapshot.record for snapshot in snapshots)) if len(snapshots) == 2 else None
    if compared is None:
        if len(snapshots) == 2:
            st.caption(t("verdict.none"))
        return
    is_transfer = snapshots[0].spec.weights == "pretrained" or compared.outcome == "within_noise"
    outcome = compared.outcome if is_transfer else f"{compared.outcome}_random"
    verdict = t(
        f"verdict.{outcome}",
        difference=f"{abs(compared.difference) * 100:.0f}",
        low=f"{compared.low * 100:+.0f}",
        high=f"{compared.high * 100:+.0f}",
    )
    scores = t(
        "verdict.scores",
        run=accuracy_with_margin(compared.run_accuracy, compared.run_margin),
        baseline=accuracy_with_margin(compared.baseline_accuracy, compared.baseline_margin),
        n=compared.n_test,
    )
    box = {"better": st.success, "worse": st.warning}.get(compared.outcome, st.info)
    box(f"**{verdict}**  \n{scores}", icon=":material/balance:")
    st.markdown(t(f"verdict.{outcome}_means"))
    _draw_times(*snapshots)


def _draw_next(record: RunRecord) -> None:
    """Draws the proof of what the training changed, and the way to the next step."""
    if record.proof:
        with st.expander(t("proof.title"), icon=":material/lock:"):
            weight_proof(record.proof)
    if record.best_epoch is not None:
        st.page_link(
            "pages/steps/classify.py",
            label=t("panel.classify"),
            icon=":material/arrow_forward:",
            query_params={"run": record.id, "lang": state.language()},
        )


def _draw_times(run: RunSnapshot, baseline: RunSnapshot) -> None:
    """Says how long each took to reach what the weaker one reached at best."""
    reached = [best_validation(snapshot.epochs) for snapshot in (run, baseline)]
    if None in reached:
        return
    level = min(reached)
    st.caption(
        t(
            "verdict.times",
            level=percent(level),
            run=seconds(seconds_to(run.epochs, level)),
            baseline=seconds(seconds_to(baseline.epochs, level)),
        )
    )
