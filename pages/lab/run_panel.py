"""The run that a visitor looks at: live beside its baseline while they train, with a verdict afterwards."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from pages.lab import forgetting, rival, run_code, run_line, run_motion, run_settings, split_scores, start
from pages.ui import bundles, controls, exports, owner_names, pace, services, sharing, state
from pages.ui.blocks import accuracy_with_margin, curves, weight_proof
from pages.ui.live_chart import Replay
from pages.ui.run_names import has_fault, name_of
from pages.ui.setting_words import setting
from pages.ui.text import literal, percent, seconds, sentence, t
from tl_core.disk.home import data_home
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import UnknownIdError
from tl_core.evaluation.comparison import best_validation, compare_runs, gap_words, seconds_to
from tl_core.models.catalog import backbone_info
from tl_core.planning.lab_link import LabLink
from tl_core.planning.next_step import NextStep, next_step
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord

EAGER_S, POLL_S = 0.4, 1.0  # between two looks: as long as a run may be over at once, and later
SHORT_S = 2.0
REPLAY_S = 5.0  # after a record was asked for, its curves are revealed, and then its verdict


def draw() -> None:
    """Draws the run that the address names, redrawn each second while it or its baseline is active or replayed."""
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
    record, pace_s = snapshots[0].record, _pace_s(snapshots)
    _draw_title(record)
    pace.draw_again("panel", _draw_live, pace_s, run_id, _titled(record), pace_s is not None)


def _pace_s(snapshots: Sequence[RunSnapshot]) -> float | None:
    """Returns after how many seconds it is worth looking again; None when nothing moves any more."""
    first = snapshots[0]
    if pace.is_calm() and first.is_active and not first.is_paused and (first.remaining_s or 0.0) < SHORT_S:
        return EAGER_S
    is_replayed = _replay([snapshot.record for snapshot in snapshots]) is not None
    return POLL_S if is_replayed or any(snapshot.is_active for snapshot in snapshots) else None


def look(run_id: str) -> list[RunSnapshot]:
    """Returns a run and, where it has one, its twin; the run first, then the baseline."""
    first = services.engine().runs.snapshot(run_id, by=state.visitor())
    both = [first]
    with suppress(UnknownIdError):  # a twin that is not shared, or was deleted just now
        if first.record.twin_id:
            both.append(services.engine().runs.snapshot(first.record.twin_id, by=state.visitor()))
    both.sort(key=lambda snapshot: snapshot.record.role == "baseline")
    state.put("seen", (run_id, both))
    return both


def shown_spec() -> RunSpec | None:
    """Returns the settings of the run that a visitor looks at (of a pair, not the baseline's); None without one."""
    run_id = state.run_id()
    with suppress(UnknownIdError):
        return None if run_id is None else _look_again(run_id)[0].spec
    return None


def _look_again(run_id: str) -> list[RunSnapshot]:
    """Returns the same as `look`, and the very same objects as long as nothing has changed since."""
    seen_id, seen = state.get("seen", (None, []))
    has_changed = any(services.engine().runs.version(snapshot.record.id) != snapshot.version for snapshot in seen)
    return look(run_id) if seen_id != run_id or has_changed else seen


def _draw_live(run_id: str, title: tuple, is_polled: bool) -> None:
    """Draws what moves; the page anew when something around it has changed, or the polling begins or ends."""
    try:
        snapshots = _look_again(run_id)
    except UnknownIdError:  # deleted meanwhile, in another tab
        st.rerun()
    records = [snapshot.record for snapshot in snapshots]
    replay, next_pace_s = _replay(records), _pace_s(snapshots)
    if bundles.is_brought_in(records[0]):
        bundles.draw_origin(records[0])
    else:
        run_line.draw(snapshots)
    if not any(snapshot.trace or snapshot.epochs for snapshot in snapshots):
        run_motion.draw_pass(snapshots)
    else:
        names = [t(f"panel.{record.role}") for record in records]
        curves(snapshots, names, key="panel", replay=replay, beside=partial(run_motion.draw_weights, snapshots))
        for head in {snapshot.spec.head for snapshot in snapshots if snapshot.spec.is_fitted}:
            st.caption(t(f"panel.{head}_point"))
        forgetting.draw(snapshots)
    if next_pace_s is None:  # below the charts: what comes last moves nothing
        _draw_verdict(snapshots)
        _draw_next(snapshots)
    if is_polled != (next_pace_s is not None) or title != _titled(records[0]):
        st.rerun()
    if next_pace_s is not None:
        pace.keep_pace("panel", next_pace_s)


def _titled(record: RunRecord) -> tuple:
    """Returns what the title shows of a run, which is drawn with the page and not each second."""
    return record.name, record.visibility


def _draw_title(record: RunRecord) -> None:
    """Draws the run's name, with who may see it where the visitor decides that, or else whose it is."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="run-title"):
        st.header(literal(name_of(record)), anchor=False, width="stretch")
        if sharing.may_change(record):
            sharing.draw(record)
    if has_fault(record):
        fault = setting("fault", record.spec["fault"])
        st.warning(t("panel.fault", fault=fault), icon=":material/bug_report:")
    if record.owner != state.visitor().owner:
        st.caption(t("classroom.whose", owner=literal(owner_names.owner_name(record.owner))))


def _replay(records: Sequence[RunRecord]) -> Replay | None:
    """Says which curves are revealed bit by bit: those of records that were asked for a moment ago."""
    asked = state.get("asked_at", 0.0)
    runs = tuple(record.id for record in records if record.recorded_from)
    return Replay(str(asked), runs) if runs and time.monotonic() - asked < REPLAY_S else None


def _draw_verdict(snapshots: list[RunSnapshot]) -> None:
    """Draws which was better, how sure that is, and what the learner may conclude."""
    records = [snapshot.record for snapshot in snapshots]
    compared = compare_runs(*records) if len(snapshots) == 2 else None
    no_better = rival.beaten_by_rival(records[0])
    if compared is None:
        if len(snapshots) == 2:
            st.caption(t("verdict.none"))
        if no_better:
            st.warning(f"**{no_better}**", icon=":material/balance:")
        rival.draw(records)
        return
    is_telling = snapshots[0].spec.is_pretrained and not (no_better or has_fault(records[0]))  # of transfer
    is_transfer = is_telling or compared.outcome == "within_noise"
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
    if no_better:  # then nothing follows from the difference
        st.warning(f"**{no_better}**  \n{verdict} {scores}", icon=":material/balance:")
        rival.draw(records)
    else:
        box = {"better": st.success, "worse": st.warning}.get(compared.outcome, st.info)
        box(f"**{verdict}**  \n{scores}", icon=":material/balance:")
        rival.draw(records)
        st.markdown(t(f"verdict.{outcome}_means"))
        step = next_step(snapshots[0].spec, compared.outcome)
        if step is not None:
            _draw_step(step, snapshots[0].spec)
    _draw_times(*snapshots)


def _draw_step(step: NextStep, spec: RunSpec) -> None:
    """Draws what to try next, with a button that sets the controls to it."""
    with st.container(horizontal=True, vertical_alignment="center", key="next-step"):
        proposal = t(
            f"next.{step.code}",
            backbone=backbone_info(str(step.changes.get("backbone", spec.backbone))).family,
            n_frozen=step.changes.get("n_frozen"),
            per_class=step.changes.get("per_class"),
        )
        st.markdown(f"**{t('next.title')}** {proposal}", width="stretch")
        if st.button(t("next.set"), key="next", icon=":material/tune:"):
            set_controls(step.spec(spec, data_home()))


def set_controls(spec: RunSpec) -> None:
    """Gives all controls the values of a run's settings; starts nothing."""
    used = LabLink(spec, with_baseline=bool(state.get("baseline", True)))
    state.put("used", used)
    controls.fill(used)
    start.set_source(spec)  # which no link holds
    st.rerun()


def _draw_next(snapshots: Sequence[RunSnapshot]) -> None:
    """Draws why validation and test lie apart, the proof of what was changed, the settings, and the way on."""
    records = [snapshot.record for snapshot in snapshots]
    _draw_gap(snapshots[0])
    if records[0].proof:
        with st.expander(t("proof.title"), icon=":material/lock:"):
            weight_proof(records[0].proof)
    if records[0].best_epoch is not None:
        split_scores.draw(records[0])
    run_settings.draw(records)
    run_code.draw(records)
    with st.container(horizontal=True, key="bundles"):
        run_line.draw_longer(snapshots[0])
        own = snapshots[0].spec.with_changes(threads=None)
        if own != state.get("planned") and st.button(t("panel.use"), key="use", icon=":material/tune:"):
            set_controls(own)
        for record in records:
            if record.best_epoch is not None:
                bundles.draw_download(record)
    exports.draw(records)
    if records[0].best_epoch is not None:
        _draw_ways(records[0].id)


def _draw_ways(run_id: str) -> None:
    """Draws where the run can be looked into further."""
    services.prepare_statistics()
    with st.container(horizontal=True, key="ways"):
        for step, icon in (("classify", ":material/image_search:"), ("insights", ":material/query_stats:")):
            st.page_link(
                f"pages/{step}/page.py",
                label=t(f"panel.{step}"),
                icon=icon,
                query_params={"run": run_id, "lang": state.language()},
                width="content",
            )


def _draw_gap(snapshot: RunSnapshot) -> None:
    """Says why the test pictures of a data set are harder than those of validation, where that is known and seen."""
    record, validation = snapshot.record, best_validation(snapshot.epochs)
    if key := gap_words(snapshot.spec.dataset, validation, record.test_accuracy):
        with st.container(horizontal=True, vertical_alignment="center", key="gap"):
            st.caption(t(key, validation=percent(validation), test=percent(record.test_accuracy)), width="stretch")
            st.page_link("pages/data/page.py", label=t("data.look"), icon=":material/photo_library:")


def _draw_times(run: RunSnapshot, baseline: RunSnapshot) -> None:
    """Says how long each took to reach what the weaker one reached at best."""
    reached = [best for one in (run, baseline) if (best := best_validation(one.epochs)) is not None]
    if len(reached) < 2:
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
