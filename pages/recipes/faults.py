"""What is wrong with a program as it was published, and how one sees it."""

import streamlit as st

from pages.ui.text import literal, t
from tl_core.planning.recipes import Fault, Recipe


def draw(recipe: Recipe) -> None:
    """Draws a line for each fault."""
    for fault in recipe.faults:
        st.markdown(f"**{t(f'recipe_fault.{fault.code}.title')}**  \n{t(f'recipe_fault.{fault.code}.about')}")
        st.caption(_seen(recipe, fault))


def _seen(recipe: Recipe, fault: Fault) -> str:
    """Returns how a fault shows: in a run, as an error at once, or not in the numbers."""
    if fault.error is not None:
        return t("recipes.seen_error", error=literal(fault.error))
    if fault.shown_by is not None:
        return t("recipes.seen_run", run=t(f"recipe.{recipe.id}.{fault.shown_by}"))
    return t("recipes.seen_reading")
