"""What the class calls people: the name that somebody chose, or "Student 7"; and the field to choose one's own."""

import streamlit as st

from pages.ui import services, state
from pages.ui.text import literal, sentence, t
from tl_core.errors import TransferLabError
from tl_core.store.access import OPERATOR

MOST_LETTERS = 40


def owner_names() -> dict[str, str]:
    """Returns owner → name, for everybody who has runs or a name."""
    known = {owner: _shown(name) for owner, name in services.engine().classroom.owner_names().items()}
    return {OPERATOR.owner: t("classroom.operator")} | known


def _shown(name: str | int) -> str:
    return t("classroom.student", n=name) if isinstance(name, int) else name


def owner_name(owner: str) -> str:
    """Returns what the class calls an owner; "–" for one of whom nothing is known."""
    return owner_names().get(owner, "–")


def draw_own() -> None:
    """Draws what the class calls this visitor, with a field to change it."""
    given = services.engine().classroom.owner_names().get(state.visitor().owner)
    label = t("classroom.guest") if given is None else literal(_shown(given))
    with st.popover(label, icon=":material/badge:", width="stretch", key="own-name"):
        st.text_input(
            t("classroom.name"),
            value=given if isinstance(given, str) else "",
            max_chars=MOST_LETTERS,
            key=state.widget_key("name-in-class"),
            help=t("classroom.name_help"),
            on_change=_save,
        )
        if problem := state.pop("name-problem"):
            st.error(sentence(problem))


def _save() -> None:
    """Takes the name from the field; an empty one changes nothing."""
    name = str(state.widget_value("name-in-class"))
    try:
        if name.strip():
            services.engine().classroom.name_me(name, by=state.visitor())
    except TransferLabError as error:
        state.put("name-problem", error.to_dict())
