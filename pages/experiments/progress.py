"""One experiment: live while its trials are trained, with its answer afterwards."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from pages.experiments import heat_map, offered, prediction, results, times
from pages.ui import owner_names, pace, services, sharing, state, sweep_chart
from pages.ui.actions import attempt
from pages.ui.setting_words import setting
from pages.ui.sweep_names import link, name_of, sweep_of
from pages.ui.text import literal, sentence, t, time_left
from tl_core.disk.home import data_home
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.experiments.presets import PRESETS
from tl_core.store.records import SweepRecord, SweepState

POLL_S = 1.0
CHARTS: Mapping[str, Callable[[SweepSnapshot], None]] = MappingProxyType(
    {"lines": sweep_chart.draw, "map": heat_map.draw, "times": times.draw}
)


def draw(sweep_id: str) -> None:
    """Draws the experiment that the address names; its chart each second anew while it is active."""
    try:
        snapshot = _look(sweep_id)
    except TransferLabError as error:
        st.warning(sentence(error))
        return
    record = snapshot.record
    _draw_title(record)
    is_moving = record.is_active or offered.is_offered(record)
    pace.draw_again("sweep", _draw_live, POLL_S if is_moving else None, record.id, _titled(record), record.state)
    if not is_moving:
        results.draw(snapshot)


def _look(sweep_id: str) -> SweepSnapshot:
    return services.engine().sweeps.snapshot(sweep_id, by=state.visitor())


def _titled(record: SweepRecord) -> tuple:
    """Returns what is drawn with the page and not each second."""
    return record.name, record.visibility


def _draw_title(record: SweepRecord) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="run-title"):
        st.header(literal(name_of(record)), anchor=False, width="stretch")
        if sharing.may_change(record):
            sharing.draw_choice(record, services.engine().sweeps.share, link(record.id), "experiments")
    if record.owner != state.visitor().owner:
        words = "whose_offer" if offered.is_offered(record) else "whose"
        st.caption(t(f"experiments.{words}", owner=literal(owner_names.owner_name(record.owner))))
    _draw_settings(record)
    if record.is_active or offered.is_offered(record):
        prediction.draw(sweep_of(record))
    if offered.is_offered(record) and sharing.may_change(record):
        offered.draw_link(record)


def _draw_settings(record: SweepRecord) -> None:
    """Says what all trials share."""
    sweep = sweep_of(record)
    try:
        spec = sweep.trial(0, data_home()).spec.to_dict()
    except TransferLabError as error:  # its data set was deleted
        st.caption(sentence(error))
        return
    words = [setting(name, spec[name]) for name in ("dataset", "backbone") if name not in sweep.varied]
    words += [f"{spec['image_size']} px"] if "image_size" not in sweep.varied else []
    st.caption(t("experiments.shared", settings=" · ".join(words), n=len(sweep.seeds)))


def _draw_live(sweep_id: str, titled: tuple, before: SweepState) -> None:
    """Draws what moves; the page anew where something around it has changed, or the polling begins or ends."""
    try:
        snapshot = _look(sweep_id)
    except UnknownIdError:  # deleted meanwhile, in another tab
        st.rerun()
    record = snapshot.record
    if record.state is not before or _titled(record) != titled:
        st.rerun()
    if offered.is_offered(record):
        offered.draw_line(snapshot)
    else:
        _draw_line(snapshot)
    if problem := state.pop(f"problem-{record.id}"):
        st.error(sentence(problem))
    if record.error:
        st.error(sentence(record.error))
    preset = PRESETS.get(record.sweep["kind"])
    CHARTS["lines" if preset is None else preset.chart](snapshot)
    if offered.is_offered(record):
        results.draw_answer(snapshot)
        results.draw_table(snapshot)
        offered.draw_ways(record)
        pace.keep_pace("sweep", POLL_S)
    if record.is_active:
        if st.toggle(t("experiments.trials"), key="live-trials"):  # made each second, so only for who looks at it
            results.draw_table(snapshot)
        pace.keep_pace("sweep", POLL_S)


def _draw_line(snapshot: SweepSnapshot) -> None:
    """Draws how far it is, with a way to end it; or how it ended."""
    record, share = snapshot.record, snapshot.n_done / snapshot.n_trials
    if not record.is_active:
        done = t("experiments.done", done=snapshot.n_done, n=snapshot.n_trials)
        st.markdown(f":gray-badge[{t(f'state.{record.state.value}')}] {done}")
        return
    said = [t("experiments.done", done=snapshot.n_done, n=snapshot.n_trials), *_doing(snapshot)]
    said += [time_left(snapshot.left_s)] if snapshot.left_s is not None else []
    with st.container(horizontal=True, vertical_alignment="center", key="sweep-progress"):
        st.progress(min(share, 1.0), text=" · ".join(said))
        if sharing.may_change(record):
            st.button(
                t("panel.stop"),
                key="stop-sweep",
                icon=":material/stop:",
                help=t("experiments.stop_help"),
                on_click=attempt,  # pyright: ignore[reportArgumentType]
                args=[services.engine().sweeps.stop, record.id],
            )


def _doing(snapshot: SweepSnapshot) -> Sequence[str]:
    """Returns what is done before the trials, in words."""
    told = snapshot.doing
    if told is None:
        return []
    phase = t(f"phase.{told['phase']}")
    if not told["total"]:
        return [phase]
    return [t("progress.counted", phase=phase, done=f"{told['done']:,}", total=f"{told['total']:,}")]
