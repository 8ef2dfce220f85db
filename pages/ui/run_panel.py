"""The run that a visitor looks at: live beside its baseline while they train, with a verdict afterwards."""

import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import accuracy_with_margin, curves, progress_line, weight_proof
from pages.ui.text import literal, percent, seconds, sentence, t
from tl_core.engine.snapshots import RunSnapshot
from tl_core.errors import UnknownIdError
from tl_core.evaluation.comparison import best_validation, compare_runs, seconds_to
from tl_core.store.records import RunState


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
    snapshots = look(run_id)
    for snapshot in snapshots:
        _draw_state(snapshot)
    names = [t(f"panel.{snapshot.record.role}") for snapshot in snapshots]
    if any(snapshot.trace for snapshot in snapshots):
        curves(snapshots, names, key="panel")
    _draw_verdict(snapshots)
    if was_active and not any(snapshot.is_active for snapshot in snapshots):
        st.rerun()  # once: ends the polling


def _draw_state(snapshot: RunSnapshot) -> None:
    record = snapshot.record
    with st.container(horizontal=True, vertical_alignment="center", key=f"state-{record.role}"):
        st.badge(
            t(f"panel.{record.role}"), color="blue" if record.role == "run" else "orange", help=literal(record.name)
        )
        if snapshot.is_active:
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
            _draw_result(snapshot)
    if record.error:
        st.error(sentence(record.error))


def _draw_result(snapshot: RunSnapshot) -> None:
    record = snapshot.record
    best = best_validation(snapshot.epochs)
    st.markdown(
        t(
            f"panel.{record.state.value}",
            epochs=len(snapshot.epochs),
            validation=percent(best),
            test=percent(record.test_accuracy),
            seconds=seconds(record.seconds),
        ),
        width="stretch",
    )
    if record.state in (RunState.STOPPED, RunState.INTERRUPTED):
        st.button(
            t("panel.resume"),
            key=f"resume-{record.id}",
            icon=":material/play_arrow:",
            on_click=services.engine().resume,
            args=[record.id],
        )


def _draw_verdict(snapshots: list[RunSnapshot]) -> None:
    """Draws what the learner may conclude, and how sure it is."""
    run = snapshots[0]
    if any(snapshot.is_active for snapshot in snapshots):
        return
    compared = compare_runs(run.record, snapshots[1].record) if len(snapshots) == 2 else None
    if compared is not None:
        is_transfer = run.spec.weights == "pretrained" or compared.outcome == "within_noise"
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
        st.success(f"**{verdict}**  \n{scores}", icon=":material/balance:")
        _draw_times(*snapshots)
    if run.record.proof:
        with st.expander(t("proof.title"), icon=":material/lock:"):
            weight_proof(run.record.proof)
    if run.record.best_epoch is not None:
        st.page_link(
            "pages/steps/classify.py",
            label=t("panel.classify"),
            icon=":material/arrow_forward:",
            query_params={"run": run.record.id, "lang": state.language()},
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
