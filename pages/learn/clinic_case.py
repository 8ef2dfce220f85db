"""One case of the clinic: the sick run, a diagnosis before it is named, the mend, and both side by side."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from pages.learn import clinic_runs
from pages.ui import costs, pace, services, state
from pages.ui.actions import open_run
from pages.ui.blocks import accuracy_with_margin, curves, progress_line
from pages.ui.run_names import class_names_in
from pages.ui.text import literal, named, percent, sentence, t
from tl_core.datasets.known import known_dataset
from tl_core.disk.home import data_home
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import TransferLabError
from tl_core.evaluation.comparison import best_validation, compare_runs
from tl_core.lessons.clinic import CASES, MENDED, SICK, Case
from tl_core.planning.plan import n_training_images
from tl_core.store.records import RunState

POLL_S = 1.0


def draw(case: Case) -> None:
    """Draws a case as far as it has come."""
    st.header(f"{list(CASES).index(case.id) + 1} · {t(f'clinic_case.{case.id}.title')}", anchor=False)
    st.markdown(t(f"clinic_case.{case.id}.looks"))
    st.caption(t(f"clinic_case.{case.id}.program"))
    runs = clinic_runs.runs_of(case)
    if SICK not in runs:
        _draw_start(case, SICK)
        return
    pace_s = POLL_S if any(run.is_active for run in runs.values()) else None
    pace.draw_again("clinic", _draw_live, pace_s, case, tuple(runs), pace_s is not None)
    if not _is_done(case, runs, SICK):
        return
    _draw_evidence(case, runs)
    if not _draw_diagnosis(case, is_known=MENDED in runs):
        return
    _draw_cause(case)
    if MENDED not in runs:
        _draw_start(case, MENDED)
    elif _is_done(case, runs, MENDED):
        _draw_comparison(case, runs)


def _draw_start(case: Case, which: str) -> None:
    """Draws the button that trains a run of the case, with what that takes."""
    spec = case.spec(which, data_home())
    with st.container(horizontal=True, vertical_alignment="center", key=f"clinic-start-{which}"):
        icon = ":material/play_arrow:" if which == SICK else ":material/healing:"
        if st.button(t(f"clinic.train_{which}"), key=f"clinic-{which}", icon=icon, type="primary"):
            clinic_runs.begin(case, which)
        answer = costs.draw(spec)
    costs.keep_asking({spec: answer})


def _draw_live(case: Case, drawn: tuple[str, ...], is_polled: bool) -> None:
    """Draws the curves of all runs of the case; the page anew when one of them is over."""
    runs = clinic_runs.runs_of(case)
    active = [run for run in runs.values() if run.is_active]
    if tuple(runs) != drawn or (is_polled and not active):
        st.rerun()
    for run in active:
        progress_line(run)
    shown = {which: run for which, run in runs.items() if run.trace or run.epochs}
    if shown:
        curves(list(shown.values()), [t(f"clinic.{which}") for which in shown], key="clinic")


def _is_done(case: Case, runs: Mapping[str, RunSnapshot], which: str) -> bool:
    """Says whether a run came to its end; where it was ended or failed, says so and lets it begin anew."""
    run = runs[which]
    if run.is_active:
        return False
    if run.record.state is RunState.COMPLETED:
        return True
    said = sentence(run.record.error) if run.record.error else t(f"state.{run.record.state.value}")
    st.warning(said)
    _draw_start(case, which)
    return False


def _draw_evidence(case: Case, runs: Mapping[str, RunSnapshot]) -> None:
    """Draws what the case is looked at by: of the sick run alone, and of both once there is a mended one."""
    done = {which: run for which, run in runs.items() if run.record.state is RunState.COMPLETED}
    places = st.columns([2, 3], gap="small")
    with places[0]:
        _draw_results(case, done)
    with places[1]:
        if "answers" in case.looks:
            _draw_answers(done)
        if "proof" in case.looks:
            _draw_proof(done)


def _draw_results(case: Case, runs: Mapping[str, RunSnapshot]) -> None:
    """Draws accuracies on each split, the last loss, how many pictures an epoch showed, and how many numbers learn."""
    mended = case.spec(MENDED, data_home())
    n_train = n_training_images(mended, known_dataset(mended.dataset, data_home()))
    rows = {t(f"clinic.{which}"): _results(run, n_train) for which, run in runs.items()}
    st.table(pd.DataFrame(rows).rename_axis(t("clinic.results")), alt=t("clinic.results"))


def _results(run: RunSnapshot, n_train: int) -> dict[str, str]:
    last, scores, record = run.epochs[-1], run.record.scores or {}, run.record
    return {
        t("clinic.train_accuracy"): percent(last.train_accuracy),
        t("clinic.val_accuracy"): percent(best_validation(run.epochs)),
        t("clinic.test_accuracy"): percent(record.test_accuracy),
        t("clinic.train_loss"): f"{last.train_loss:.2f}" if last.train_loss is not None else "–",
        t("clinic.shown"): f"{run.epochs[0].images:,}",
        t("clinic.has", n=f"{scores.get('n', 0):,}"): f"{n_train:,}",
        t("clinic.params"): f"{record.trainable_params or 0:,}",
    }


def _draw_answers(runs: Mapping[str, RunSnapshot]) -> None:
    """Draws, class by class, what was answered most often, in the test."""
    names = [literal(name) for name in class_names_in(runs[SICK].record)]
    table = pd.DataFrame({t(f"clinic.{which}"): _most(run, names) for which, run in runs.items()}, index=names)
    st.table(table.rename_axis(t("clinic.most_answered")), alt=t("clinic.most_answered"))


def _most(run: RunSnapshot, names: list[str]) -> list[str]:
    counts = np.array((run.record.scores or {})["confusion"])
    each = zip(counts.argmax(axis=1), counts.max(axis=1), counts.sum(axis=1), strict=True)
    return [f"{names[answer]} ({n_most} / {n})" for answer, n_most, n in each]


def _draw_proof(runs: Mapping[str, RunSnapshot]) -> None:
    """Draws of each block what was said of it, and whether its weights changed."""
    proofs = {which: run.record.proof or () for which, run in runs.items()}
    columns = {t("proof.role"): [_role(row) for row in proofs[SICK]]}
    for which, proof in proofs.items():
        columns[t(f"clinic.changed_{which}")] = [t("proof.yes" if row["changed"] else "proof.no") for row in proof]
    names = [row["block"] for row in proofs[SICK]]
    st.table(pd.DataFrame(columns, index=names).rename_axis(t("proof.block")), alt=t("proof.title"))


def _role(row: Mapping) -> str:
    return t("map.head" if row["block"] == "head" else "map.frozen" if row["frozen"] else "map.trainable")


def _draw_diagnosis(case: Case, *, is_known: bool) -> bool:
    """Draws the question what is wrong; returns whether it was answered. An answer that was given stays."""
    st.subheader(t("clinic.diagnose"), anchor=False)
    st.markdown(t(f"clinic_case.{case.id}.hint"))
    given = _given(case)
    if given is None and is_known:  # mended before diagnoses were kept
        return True
    names = named(case.choices, lambda choice: t(f"clinic_diagnosis.{choice}"))
    radio = partial(st.radio, t("clinic.diagnosis"), case.choices, format_func=names.__getitem__)
    at = None if given is None else case.choices.index(given)
    key = state.widget_key(f"clinic-{case.id}", of_language=True)
    chosen = radio(index=at, key=key, disabled=given is not None, label_visibility="collapsed")
    if given is not None:
        is_right = given == case.diagnosis
        (st.success if is_right else st.warning)(t("clinic.right" if is_right else "clinic.wrong", said=names[given]))
        return True
    if st.button(t("clinic.give"), key="clinic-give", icon=":material/stethoscope:", disabled=chosen is None):
        _keep(case, str(chosen))
    return False


def _given(case: Case) -> str | None:
    """Returns the diagnosis that the visitor gave, as the store keeps it."""
    kept = services.engine().store.progress.mine(_lesson(case), by=state.visitor()) or {}
    return kept.get("diagnosis") if kept.get("diagnosis") in case.choices else None


def _lesson(case: Case) -> str:
    """Returns by what the store knows how far somebody is with a case."""
    return f"case-{case.id}"


def _keep(case: Case, diagnosis: str) -> None:
    """Keeps a diagnosis, unless another tab has kept one before; says in one sentence why it could not be kept."""
    try:
        services.engine().store.progress.change(
            _lesson(case), lambda before: before or {"diagnosis": diagnosis}, by=state.visitor()
        )
    except TransferLabError as error:
        st.error(sentence(error))
        return
    st.rerun()


def _draw_cause(case: Case) -> None:
    """Draws what it was, why, how one finds it, and the lines that mend it."""
    st.subheader(t(f"clinic_diagnosis.{case.diagnosis}"), anchor=False)
    st.markdown(t(f"clinic_case.{case.id}.why"))
    st.code(case.difference(), language="diff")


def _draw_comparison(case: Case, runs: Mapping[str, RunSnapshot]) -> None:
    """Draws what the mend brought on the same test pictures, and how sure that is."""
    compared = compare_runs(runs[MENDED].record, runs[SICK].record)
    if compared is not None:
        said = t(
            "clinic.compared",
            mended=accuracy_with_margin(compared.run_accuracy, compared.run_margin),
            sick=accuracy_with_margin(compared.baseline_accuracy, compared.baseline_margin),
            low=f"{compared.low * 100:+.0f}",
            high=f"{compared.high * 100:+.0f}",
            n=compared.n_test,
        )
        told = t(f"clinic_case.{case.id}.outcome") if compared.outcome == case.outcome else t("clinic.unexpected")
        st.info(f"**{said}**  \n{told}", icon=":material/balance:")
    with st.container(horizontal=True, key="clinic-ways"):
        for which in (SICK, MENDED):
            if st.button(t(f"clinic.open_{which}"), key=f"clinic-look-{which}", icon=":material/open_in_new:"):
                open_run(runs[which].record.id)
