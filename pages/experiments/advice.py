"""What else advises which network to take, and whether the advice holds once networks are tuned."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from pages.experiments import start
from pages.ui import services, state
from pages.ui.answers import answered
from pages.ui.text import t
from pages.ui.words import draw_row
from tl_core.disk.home import data_home
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.errors import UnknownIdError
from tl_core.experiments.preset import Row
from tl_core.experiments.presets.advised import ADVISED, cases_of
from tl_core.experiments.presets.backbones import BACKBONES, FACTORS
from tl_core.experiments.presets.networks import network_name, network_of
from tl_core.experiments.ranks import kendall_tau
from tl_core.experiments.sweep import SEED, Sweep
from tl_core.store.records import RunRecord

SCORES = ("svm", "knn", "logme")
MOST = 200  # that the part takes
TABLE_PX = 360


def draw(snapshot: SweepSnapshot, sweep: Sweep) -> None:
    """Draws both below the answer of the advisor; nothing below any other."""
    cases = cases_of(snapshot.rows) if sweep.kind == BACKBONES.id else ()
    if len(cases) > 1:
        _draw_others(snapshot)
        _draw_check(sweep, cases)


def _draw_check(sweep: Sweep, cases: Sequence[str]) -> None:
    """Draws the button that tunes the first, the middle and the last network for real."""
    st.subheader(t("experiments.advice_check"), anchor=False)
    names = t("unit.comma").join(network_name(*network_of(arm)) for arm in cases)
    st.markdown(t("experiments.advice_check_about", names=names))
    check = ADVISED.sweep({**sweep.base, "arms": ",".join(cases)}, ADVISED.n_seeds, data_home())
    if st.button(t("experiments.advice_start", n=check.n_trials), key="check-advice", icon=":material/fact_check:"):
        start.begin(check)


def _draw_others(snapshot: SweepSnapshot) -> None:
    """Draws what scores without training say of the same features, as soon as somebody wants to know."""
    found, name = _scored(snapshot.rows), f"advice-{snapshot.record.id}"
    if not found:
        return
    st.subheader(t("experiments.advice"), anchor=False)
    st.markdown(t("experiments.advice_about"))
    draw_row("svm", "knn", "logme")
    records = [record for _, record in found]
    if not state.get(name):
        if st.button(t("experiments.advice_ask"), key="ask-advice", icon=":material/leaderboard:"):
            state.put(name, True)
            st.rerun()
        return
    answer = answered("advice", records, place="advice")
    if answer is not None:
        scores = {row["run"]: row for row in answer["scores"]}
        _draw_table([(row, scores[record.id]) for row, record in found if record.id in scores])


def _scored(rows: Sequence[Row]) -> list[tuple[Mapping, RunRecord]]:
    """Returns the probe of each cell with the first seed that has one, and its run; with the cell's mean over seeds."""
    cells: dict[tuple, list[Row]] = {}
    for row in rows:
        if row["test_accuracy"] is not None:
            cells.setdefault(tuple(row[name] for name in FACTORS), []).append(row)
    found = []
    for cell in list(cells.values())[:MOST]:
        mean = sum(row["test_accuracy"] for row in cell) / len(cell)
        try:
            run = services.engine().runs.find(min(cell, key=lambda row: row[SEED])["run_id"], by=state.visitor())
        except UnknownIdError:  # deleted, or not shared
            continue
        found.append(({**cell[0], "probe": mean}, run))
    return sorted(found, key=lambda one: -one[0]["probe"])


def _draw_table(found: Sequence[tuple[Mapping, Mapping]]) -> None:
    """Draws every place that a probe stood on, ranked by it, and how alike the others rank them."""
    probes = [row["probe"] for row, _ in found]
    alike = {name: kendall_tau(probes, [scores[name] for _, scores in found]) for name in SCORES}
    said = {name: f"{value:.2f}".replace("-", "−") for name, value in alike.items()}
    st.info(t("experiments.advice_tau", n=len(found), **said), icon=":material/leaderboard:")
    columns: dict[str, list] = {
        t("experiments.advice_network"): [network_name(row["backbone"], row["image_size"]) for row, _ in found],
        t("experiments.map_block"): [row["block"] for row, _ in found],
        t("experiments.advice_probe"): probes,
    }
    columns |= {t(f"experiments.advice_{name}"): [scores[name] for _, scores in found] for name in SCORES}
    percents = [t("experiments.advice_probe"), *(t(f"experiments.advice_{name}") for name in ("svm", "knn"))]
    shown = dict.fromkeys(percents, st.column_config.NumberColumn(format="percent"))
    shown[t("experiments.advice_logme")] = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, height=TABLE_PX, column_config=shown, alt=t("experiments.advice")
    )
