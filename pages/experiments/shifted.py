"""What the orders of fine-tuning are worth on blurred, noisy, grey and recoloured test pictures."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.ui import services, state
from pages.ui.answers import answered
from pages.ui.text import literal, t
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.errors import UnknownIdError
from tl_core.evaluation.shifts import CLEAN, SHIFTS
from tl_core.experiments.preset import Row
from tl_core.experiments.presets.rates import ARMS, LEARNING_RATES
from tl_core.experiments.presets.shifted import FIRST, compared, rates_of, shift_answers
from tl_core.experiments.rows import level_text
from tl_core.experiments.sentence import sentence as answer_sentence
from tl_core.experiments.statistics import Difference
from tl_core.experiments.sweep import Sweep
from tl_core.store.records import RunRecord

KINDS = (CLEAN, *SHIFTS)


def draw(snapshot: SweepSnapshot, sweep: Sweep) -> None:
    """Draws it below the answer of the rates, where both orders were trained; nothing below any other."""
    rates = rates_of(snapshot.rows) if sweep.kind == LEARNING_RATES.id else ()
    if not rates:
        return
    st.subheader(t("experiments.shifted"), anchor=False)
    st.markdown(t("experiments.shifted_about"))
    rate = _choose_rate(rates)
    found = _trained([row for row in snapshot.rows if row["learning_rate"] == rate])
    name = f"shifted-{snapshot.record.id}-{rate}"
    if not state.get(name):
        label = t("experiments.shifted_ask", n=len(found))
        if st.button(label, key="ask-shifted", icon=":material/blur_on:", disabled=not found):
            state.put(name, True)
            st.rerun()
        return
    answer = answered("shifted", [record for _, record in found], place="shifted")
    if answer is not None:
        scores = {row["run"]: row for row in answer["scores"]}
        _draw_scores([(row, scores[record.id]) for row, record in found], rate, answer["n"])


def _choose_rate(rates: Sequence[float]) -> float:
    box = partial(st.selectbox, t("sweep.rates.x"), rates, format_func=level_text, key="shifted-rate")
    with st.columns([1, 3])[0]:
        return box(index=rates.index(FIRST) if FIRST in rates else 0)


def _trained(rows: Sequence[Row]) -> list[tuple[Row, RunRecord]]:
    """Returns the trials that have a run which this visitor may see, and that run."""
    found = []
    for row in rows:
        if row["test_accuracy"] is not None:
            try:
                found.append((row, services.engine().runs.find(row["run_id"], by=state.visitor())))
            except UnknownIdError:  # deleted, or not shared
                continue
    return found


def _draw_scores(scored: Sequence[tuple[Row, Mapping]], rate: float, n: int) -> None:
    """Draws what may be said of each kind of pictures, and the numbers beneath."""
    found = compared(scored, KINDS)
    said = [answer_sentence(LEARNING_RATES.id, one, state.language()) for one in shift_answers(found, rate)]
    st.info("\n".join(f"- {literal(one)}" for one in said), icon=":material/lightbulb:")
    columns: dict[str, list] = {t("experiments.shifted_kind"): [_kind(kind) for kind in KINDS]}
    for arm in ARMS:
        columns[t(f"sweep.rates.level.{arm}")] = [_mean(scored, arm, kind) for kind in KINDS]
    columns[t("experiments.shifted_interval")] = [_interval(found.get(kind)) for kind in KINDS]
    shown = {t(f"sweep.rates.level.{arm}"): st.column_config.NumberColumn(format="percent") for arm in ARMS}
    table = pd.DataFrame(columns)
    st.dataframe(table, hide_index=True, column_config=shown, placeholder="–", alt=t("experiments.shifted"))
    st.caption(t("experiments.shifted_how", n=n))


def _kind(kind: str) -> str:
    return t(f"sweep.rates.level.{kind}")


def _mean(scored: Sequence[tuple[Row, Mapping]], arm: str, kind: str) -> float | None:
    values = [scores[kind] for row, scores in scored if row["arm"] == arm]
    return sum(values) / len(values) if values else None


def _interval(one: Difference | None) -> str | None:
    """Returns the interval of a difference in points; None where there is none."""
    if one is None or one.interval is None:
        return None
    low, high = (f"{100 * end:+.1f}".replace("-", "−") for end in one.interval)
    return f"{low} … {high}"
