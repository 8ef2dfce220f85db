"""The experiment of a claim: what it will take, live while its runs are trained, and what they measured."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import pandas as pd
import streamlit as st

from pages.ui import pace, services, sharing, state
from pages.ui.actions import attempt
from pages.ui.blocks import curves
from pages.ui.run_names import MOST_SIGNS
from pages.ui.text import percent, seconds, sentence, t, time_left
from tl_core.disk.home import data_home
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.experiments.preset import Row
from tl_core.lessons.claims import CLAIMS, DONE, Claim
from tl_core.lessons.findings import Finding, Number
from tl_core.lessons.measures import Result
from tl_core.phrases import fields
from tl_core.store.records import SweepRecord

POLL_S = 1.0
KEPT_S = 4  # an estimate
ASKED_S = 4.7  # between two questions for one


# ---- before ----


def draw_start(claim: Claim, vote: str) -> None:
    """Draws what the experiment takes, and the button that begins it."""
    try:
        whole_s = _known_s(str(data_home()), claim.id)
    except TransferLabError as error:  # weights that are not here
        st.warning(sentence(error))
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"start-claim-{claim.id}"):
        label = t("experiments.start", n=claim.sweep().n_trials)
        if st.button(label, key=f"try-{claim.id}", type="primary", icon=":material/play_arrow:"):
            _begin(claim, vote)
        with st.container():
            pace.draw_again(f"cost-{claim.id}", _draw_cost, ASKED_S if whole_s is None else None, claim.id)


def _draw_cost(claim_id: str) -> None:
    """Says how long an experiment takes; what is not known yet is measured meanwhile, and asked for again."""
    whole_s = _known_s(str(data_home()), claim_id)
    words = "cost_unknown" if whole_s is None else "cost_nothing" if whole_s == 0 else "cost"
    st.caption(t(f"claims.{words}", time=seconds(whole_s)))


@st.cache_data(ttl=KEPT_S, max_entries=32, show_spinner=False)
def _known_s(home: str, claim_id: str) -> float | None:
    """Returns how long an experiment takes here, for all who ask within a few seconds; None: not known yet."""
    return services.engine().sweeps.estimate_s(CLAIMS[claim_id].sweep())


def _begin(claim: Claim, vote: str) -> None:
    """Starts the experiment, which keeps the vote; says in one sentence why it could not be started."""
    name = t("claims.name", quote=t(f"claim.{claim.id}.quote"))[:MOST_SIGNS]
    try:
        services.engine().sweeps.start(claim.sweep(vote), by=state.visitor(), name=name)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    st.rerun()


# ---- while it is under way, and afterwards ----


def draw(claim: Claim, record: SweepRecord) -> None:
    """Draws an experiment of the visitor's own, each second anew while it is active."""
    pace_s = POLL_S if record.is_active else None
    pace.draw_again(f"claim-{claim.id}", _draw_live, pace_s, claim.id, record.id, record.is_active)


def found(claim: Claim, record: SweepRecord) -> Finding | None:
    """Returns what an experiment at rest has found; None as long as that is nothing."""
    with suppress(UnknownIdError):  # deleted in this moment, in another tab
        snapshot = _look(record.id)
        return None if snapshot.is_active else _found(claim.id, record.id, snapshot.version, snapshot.rows)
    return None


def _look(sweep_id: str) -> SweepSnapshot:
    return services.engine().sweeps.snapshot(sweep_id, by=state.visitor())


def _run(run_id: str) -> RunSnapshot:
    return services.engine().runs.snapshot(run_id, by=state.visitor())


@st.cache_data(max_entries=64, show_spinner=False)
def _found(claim_id: str, sweep_id: str, version: int, _rows: Sequence[Row]) -> Finding | None:
    """Returns what an experiment found, read once for each state of it."""

    def find(run_id: str) -> Result:
        seen = _run(run_id)
        return Result(seen.record, seen.epochs)

    return CLAIMS[claim_id].judge(CLAIMS[claim_id].results(_rows, find))


def _draw_live(claim_id: str, sweep_id: str, was_active: bool) -> None:
    """Draws what moves; the page anew when the experiment is over, or goes on."""
    try:
        snapshot = _look(sweep_id)
    except UnknownIdError:  # deleted meanwhile, in another tab
        st.rerun()
    if snapshot.is_active != was_active:
        st.rerun()
    claim = CLAIMS[claim_id]
    _draw_line(claim, snapshot)
    _draw_scores(claim, snapshot)
    _draw_curves(claim, snapshot)
    if was_active:
        pace.keep_pace(f"claim-{claim_id}", POLL_S)


def _draw_line(claim: Claim, snapshot: SweepSnapshot) -> None:
    """Draws how far it is, with a way to end it; or, of one that was ended early, a way to go on."""
    record, sweeps = snapshot.record, services.engine().sweeps
    done = t("experiments.done", done=snapshot.n_done, n=snapshot.n_trials)
    with st.container(horizontal=True, vertical_alignment="center", key=f"claim-progress-{claim.id}"):
        if record.is_active:
            said = [done, *([time_left(snapshot.left_s)] if snapshot.left_s is not None else [])]
            st.progress(min(snapshot.n_done / snapshot.n_trials, 1.0), text=" · ".join(said))
            _draw_action(claim, "stop", t("panel.stop"), partial(attempt, sweeps.stop, record.id))
        else:
            if snapshot.n_done < snapshot.n_trials and sharing.may_change(record):
                st.caption(f"{t(f'state.{record.state.value}')} · {done}", width="content")
                _draw_action(claim, "go_on", t("experiments.go_on"), partial(attempt, sweeps.go_on, record.id))
            st.page_link(
                "pages/experiments/page.py",
                label=t("claims.details"),
                icon=":material/labs:",
                query_params={"sweep": record.id, "lang": state.language()},
                width="content",
            )
    if problem := state.pop(f"problem-{record.id}"):
        st.error(sentence(problem))
    if record.error:
        st.error(sentence(record.error))


def _draw_action(claim: Claim, name: str, label: str, action: partial) -> None:
    icon = {"stop": ":material/stop:", "go_on": ":material/play_arrow:"}[name]
    st.button(label, key=f"{name}-claim-{claim.id}", icon=icon, on_click=action)


def _draw_scores(claim: Claim, snapshot: SweepSnapshot) -> None:
    """Draws what every run has tested at, one line an arm, one column a seed."""
    names, seeds = list(claim.arms), sorted({row["seed"] for row in snapshot.rows})
    table: dict[str, list[str]] = {t("claims.arm"): [arm_name(claim, name) for name in names]}
    for seed in seeds:
        head = t("claims.test") if len(seeds) == 1 else t("claims.seed", seed=seed)
        table[head] = [_score(row) for row in snapshot.rows if row["seed"] == seed]
    st.table(pd.DataFrame(table), hide_index=True, alt=t("claims.scores"))


def _score(row: Row) -> str:
    if row["state"] == DONE:
        return percent(row["test_accuracy"], 1)
    return "…" if row["state"] == "running" else "–"


def _draw_curves(claim: Claim, snapshot: SweepSnapshot) -> None:
    """Draws the curves of the first seed for who wants to see them; a head that is fitted at once has none."""
    first = snapshot.rows[: len(claim.arms)]
    stepped = [at for at, row in enumerate(first) if row["run_id"] and _is_stepped(claim, at)]
    if not stepped or not st.toggle(t("claims.curves"), key=f"curves-of-{claim.id}"):
        return
    names = [arm_name(claim, list(claim.arms)[at]) for at in stepped]
    with suppress(UnknownIdError):
        curves([_run(snapshot.rows[at]["run_id"]) for at in stepped], names, key=f"claim-{claim.id}")


def _is_stepped(claim: Claim, at: int) -> bool:
    options = {**claim.base, **list(claim.arms.values())[at].options}
    return options.get("head") not in ("logistic", "svm")


def arm_name(claim: Claim, name: str) -> str:
    """Returns what an arm is called."""
    return t(f"claim.{claim.id}.arm.{name}")


# ---- numbers in words ----


def said(claim: Claim, found: Finding) -> str:
    """Returns what was found, in the sentence of the claim; "–" for what could not be measured."""
    key = f"claim.{claim.id}.found"
    missing = dict.fromkeys(fields(state.language(), key), "–")
    return t(key, **missing | {name: _said(number) for name, number in found.numbers.items()})


def _said(number: Number) -> str:
    unit, value = number
    if unit == "share":
        return percent(value, 1)
    if unit == "points":
        return f"{value * 100:+.1f}".replace("-", "−")
    return f"{value:.0f}" if unit == "count" or value >= 10 else f"{value:.2f}"
