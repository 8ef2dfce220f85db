"""The runs of a program: mended, as published, and what else tells something; each is one click away."""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import streamlit as st

from pages.ui import costs, services, state
from pages.ui.actions import open_run
from pages.ui.blocks import accuracy_with_margin
from pages.ui.persistent import persistent
from pages.ui.run_names import MOST_SIGNS
from pages.ui.text import dataset_name, named, percent, seconds, sentence, t
from tl_core.datasets.known import known_dataset
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.evaluation.comparison import compare_runs
from tl_core.planning.plan import is_ready
from tl_core.planning.recipes import PUBLISHED, Recipe
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord

SEEN = 500  # of the visitor's newest runs
OWN = "groceries"  # in the place of one's own pictures


def trained() -> Mapping[RunSpec, RunRecord]:
    """Returns the visitor's own runs by what they train: of equal ones the newest that ended well, else the newest."""
    found: dict[RunSpec, RunRecord] = {}
    by = state.visitor()
    for record in services.engine().runs.list_runs(by=by, owner=by.owner, limit=SEEN):
        with suppress(TransferLabError):  # a damaged record
            spec = RunSpec.from_dict(record.spec).with_changes(threads=None)
            before = found.get(spec)
            if before is None or (before.test_accuracy is None and record.test_accuracy is not None):
                found[spec] = record
    return found


def draw(recipe: Recipe, trained: Mapping[RunSpec, RunRecord]) -> dict[RunSpec, costs.Answer]:
    """Draws a line for each variant: what it is, what it takes or reached, and a button that runs or opens it.

    Returns:
        What is known of the costs of those that were not run yet.
    """
    drawn: dict[RunSpec, costs.Answer] = {}
    dataset = _choose_dataset(recipe) if recipe.takes_dataset else None
    for variant in recipe.variants:
        try:
            spec = recipe.spec(variant, data_home(), dataset)
        except TransferLabError as error:
            st.error(sentence(error))
            return drawn
        drawn |= _draw_variant(recipe, variant, spec, trained.get(spec))
    _draw_difference(recipe, dataset, trained)
    return drawn


def _choose_dataset(recipe: Recipe) -> str:
    """Draws the choice of one's own pictures; without any, those of the app stand in their place."""
    own = [record.id for record in services.own_datasets() if is_ready(known_dataset(record.id, data_home()))]
    if not own:
        st.caption(t("recipes.no_own"))
        st.page_link("pages/data/page.py", label=t("recipes.bring"), icon=":material/photo_library:")
        return OWN
    names = named([OWN, *own], dataset_name)
    control = partial(st.selectbox, t("recipes.dataset"), list(names), format_func=names.__getitem__)
    return persistent(control, f"recipe-data-{recipe.id}", OWN)


def _draw_variant(recipe: Recipe, variant: str, spec: RunSpec, record: RunRecord | None) -> dict[RunSpec, costs.Answer]:
    """Draws one line; returns what it costs. A run that was trained before is opened, not trained again."""
    key, drawn = f"{recipe.id}-{variant}", {}
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"variant-{key}"):
        with st.container(gap=None):  # what it costs stands below: beside it there is no room on a phone
            st.markdown(t(f"recipe.{recipe.id}.{variant}"))
            if record is None:
                drawn[spec] = costs.draw(spec)
        if record is not None:
            st.markdown(f"**{_reached(record)}**", width="content")
            if st.button(t("recipes.open"), key=f"open-{key}", icon=":material/open_in_new:"):
                open_run(record.id)
        else:
            kind = "primary" if variant == recipe.first else "secondary"
            if st.button(t("recipes.run"), key=f"run-{key}", icon=":material/play_arrow:", type=kind):
                _submit(recipe, variant, spec)
    if record is not None and record.error:
        st.caption(sentence(record.error))
    return drawn


def _reached(record: RunRecord) -> str:
    """Returns what a run reached and how long it took, or how it stands."""
    if record.test_accuracy is not None:
        return t("recipes.reached", test=percent(record.test_accuracy), time=seconds(record.seconds))
    return t(f"state.{record.state.value}")


def _submit(recipe: Recipe, variant: str, spec: RunSpec) -> None:
    """Queues a run and opens it; says in one sentence why it could not be queued."""
    name = f"{t(f'recipe.{recipe.id}.title')} · {t(f'recipe.{recipe.id}.{variant}_name')}"
    try:
        record = services.engine().runs.submit(spec, name=name[:MOST_SIGNS], by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put("asked_at", time.monotonic())
    open_run(record.id)


def _draw_difference(recipe: Recipe, dataset: str | None, trained: Mapping[RunSpec, RunRecord]) -> None:
    """Draws what mending brought, where both runs are there and were tested on the same pictures."""
    home = data_home()
    mended, published = (trained.get(recipe.spec(variant, home, dataset)) for variant in (recipe.first, PUBLISHED))
    compared = compare_runs(mended, published) if mended and published else None
    if compared is None:
        return
    st.info(
        t(
            f"recipes.{compared.outcome}",
            mended=accuracy_with_margin(compared.run_accuracy, compared.run_margin),
            published=accuracy_with_margin(compared.baseline_accuracy, compared.baseline_margin),
            low=f"{compared.low * 100:+.0f}",
            high=f"{compared.high * 100:+.0f}",
            n=compared.n_test,
        ),
        icon=":material/balance:",
    )
