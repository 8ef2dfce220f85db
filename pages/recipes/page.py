"""Five programs, recipes: what many tutorials teach, what their code really does, and both as real runs.

The learner answers: does this program do what it says?
Reads the visitor's runs; writes the run to open.
"""

from collections.abc import Mapping

import streamlit as st

from pages.recipes import code, faults, variants
from pages.ui import costs, state
from pages.ui.text import t
from pages.ui.words import draw_row
from tl_core.planning.recipes import RECIPES, Recipe
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord


def draw() -> None:
    st.title(t("recipes.title"))
    st.markdown(t("recipes.lead"))
    draw_row("fault", "backbone", "head", "freeze")
    trained = variants.trained()
    drawn: dict[RunSpec, costs.Answer] = {}
    for recipe in RECIPES.values():
        drawn |= _draw_card(recipe, trained)
    costs.keep_asking(drawn)


def _draw_card(recipe: Recipe, trained: Mapping[RunSpec, RunRecord]) -> dict[RunSpec, costs.Answer]:
    """Draws one program: its runs, what is wrong with it, and its code; returns what its runs cost."""
    with st.container(border=True, key=f"recipe-{recipe.id}"):
        st.header(t(f"recipe.{recipe.id}.title"), anchor=recipe.id)
        st.markdown(t(f"recipe.{recipe.id}.about"))
        names = {name: t(f"recipes.{name}") for name in ("runs", "wrong", "code")}
        tabs = st.tabs(list(names.values()), key=f"recipe-tabs-{recipe.id}-{state.language()}")
        with tabs[0]:
            drawn = variants.draw(recipe, trained)
        with tabs[1]:
            faults.draw(recipe)
        with tabs[2]:
            code.draw(recipe)
    return drawn


draw()
