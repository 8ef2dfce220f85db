"""Somebody's own experiment: one or two settings of a run, their values, and all else as the lab has it now."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import pandas as pd
import streamlit as st

from pages.experiments import cost, start
from pages.experiments.settings import (
    PREFIX,
    SEEDS,
    choose_seeds,
    fill,
    keep_in_address,
    name_in_state,
    newly_asked,
)
from pages.ui import state
from pages.ui.persistent import persistent
from pages.ui.setting_words import setting
from pages.ui.sweep_names import factor, level
from pages.ui.text import named, sentence, t
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.experiments.own import KIND, MOST_FACTORS, VARIED, choices_of, from_text, levels_of, own_sweep, to_text
from tl_core.experiments.sweep import SEED, Level, Sweep
from tl_core.models.catalog import backbone_info
from tl_core.planning.plan import decisive, plan_run
from tl_core.spec import RunSpec

VARY = f"{PREFIX}vary"
NONE = ""
N_SEEDS = 3
TABLE_PX = 300
SHOWN = ("dataset", "backbone", "n_frozen", "head", "image_size", "per_class", "epochs", "optimizer")
SUGGESTED: Mapping[str, str] = MappingProxyType(
    {
        "per_class": "1, 2, 5, 10, 20",
        "image_size": "64, 96, 128",
        "epochs": "2, 5, 10",
        "learning_rate": "0.0003, 0.001, 0.003, 0.01",
        "batch_size": "8, 32, 128",
    }
)


def draw(opened: Mapping[str, str]) -> None:
    """Draws it; `opened` is what the address says of it."""
    st.header(t("experiments.own"), anchor=False)
    st.markdown(t("experiments.own_about"))
    spec = state.get("planned") or plan_run({})
    _take_over(opened, spec.backbone)
    try:
        st.subheader(t("experiments.step_vary"), anchor=False)
        factors = _choose_factors(spec)
        with st.columns([1, 2])[0]:
            n_seeds = choose_seeds(KIND, N_SEEDS)
        _draw_base(spec, factors)
        sweep = own_sweep(spec, factors, range(n_seeds), data_home())
        st.subheader(t("experiments.step_trials"), anchor=False)
        _draw_trials(sweep)
        cost.draw(sweep)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    keep_in_address(KIND, {VARY: to_text(factors), SEEDS: str(n_seeds)})
    start.draw(sweep)


def _take_over(opened: Mapping[str, str], backbone: str) -> None:
    """Gives the controls what a link says."""
    asked = newly_asked(KIND, opened)
    fill(KIND, "seeds", asked["seeds"]) if "seeds" in asked else None
    factors = from_text(asked.get("vary", ""), backbone)
    for at, (field, levels) in enumerate(factors.items()):
        fill(KIND, f"field-{at}", field)
        words = [str(one) for one in levels]
        state.set_widget(name_in_state(KIND, f"values-{field}"), words if choices_of(field) else ", ".join(words))
    if factors:
        for at in range(len(factors), MOST_FACTORS):
            fill(KIND, f"field-{at}", NONE)


def _choose_factors(spec: RunSpec) -> dict[str, tuple[Level, ...]]:
    """Draws what is varied and over which values.

    Raises:
        InputError: A value is none.
    """
    factors: dict[str, tuple[Level, ...]] = {}
    for at in range(MOST_FACTORS):
        left, right = st.columns([1, 2], vertical_alignment="bottom")
        offered = [name for name in (*((NONE,) if at else ()), *VARIED) if name not in factors]
        names = named(offered, lambda name: factor(name) if name else t("experiments.nothing_else"))
        label = t("experiments.first_factor" if at == 0 else "experiments.second_factor")
        with left:
            box = partial(st.selectbox, label, offered, format_func=names.__getitem__)
            field = persistent(box, name_in_state(KIND, f"field-{at}"), offered[0])
        if field:
            with right:
                factors[field] = _choose_levels(field, spec)
    return factors


def _choose_levels(field: str, spec: RunSpec) -> tuple[Level, ...]:
    label, name = t("experiments.values", name=factor(field)), name_in_state(KIND, f"values-{field}")
    choices = choices_of(field)
    if choices is not None:
        names = named(choices, lambda choice: level(field, choice))
        box = partial(st.multiselect, label, list(choices), format_func=names.__getitem__)
        text = ",".join(persistent(box, name, list(choices[:2])))
    else:
        box = partial(st.text_input, label, max_chars=200, help=t("experiments.values_about"))
        text = persistent(box, name, _suggested(field, spec))
    return levels_of(field, text, spec.backbone)


def _suggested(field: str, spec: RunSpec) -> str:
    if field in SUGGESTED:
        return SUGGESTED[field]
    n_blocks = backbone_info(spec.backbone).n_blocks
    return ", ".join(str(n_blocks * share // 3) for share in (1, 2, 3))


def _draw_base(spec: RunSpec, factors: Mapping[str, object]) -> None:
    """Says what stays as the lab has it, and leads there."""
    values = decisive(spec)
    kept = [name for name in SHOWN if name in values and name not in factors]
    said = [f"{factor(name)}{t('unit.colon')}{setting(name, values[name])}" for name in kept]
    st.caption(t("experiments.base", settings=" · ".join(said)))
    st.page_link("pages/lab/page.py", label=t("experiments.to_lab"), icon=":material/science:")


def _draw_trials(sweep: Sweep) -> None:
    """Draws every trial in the order in which they are trained."""
    trials = sweep.trials(data_home())  # one that cannot be run says why
    columns = {factor(name): [level(name, one.factors[name]) for one in trials] for name in sweep.factors}
    columns[factor(SEED)] = [str(one.factors[SEED]) for one in trials]
    table = pd.DataFrame(columns, index=pd.RangeIndex(1, len(trials) + 1, name="#"))
    height = min(TABLE_PX, 38 + 35 * len(trials))
    st.dataframe(table, height=height, width="stretch", alt=t("experiments.trials"))
