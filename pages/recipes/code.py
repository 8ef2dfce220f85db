"""The program as it was published in essence, mended, and what lies between the two."""

from functools import partial

import streamlit as st

from pages.ui.persistent import persistent
from pages.ui.text import named, t
from tl_core.planning.recipes import Recipe

VIEWS = ("difference", "mended", "published")


def draw(recipe: Recipe) -> None:
    """Draws the code of a program, and a choice of how to look at it."""
    names = named(VIEWS, lambda view: t(f"recipes.{view}"))
    control = partial(st.segmented_control, t("recipes.view"), VIEWS, required=True, label_visibility="collapsed")
    view = persistent(partial(control, format_func=names.__getitem__), f"recipe-view-{recipe.id}", VIEWS[0])
    st.caption(t(f"recipes.{view}_about"))
    text = {"difference": recipe.difference, "mended": recipe.mended, "published": recipe.published}[view]()
    st.code(text, language="diff" if view == "difference" else "python", line_numbers=view != "difference")
