"""The questions about a visitor's own data set: who may see it, what it is called, whether it shall go."""

import streamlit as st

from pages.ui import services, state
from pages.ui.actions import attempt_here
from pages.ui.text import literal, named, t
from tl_core.spec import RunSpec
from tl_core.store.albums import AlbumRecord
from tl_core.store.records import Visibility


def share(record: AlbumRecord, icon: str) -> None:
    """Draws a button that opens the choice of who may see a data set and train with it."""
    with st.popover(t("classroom.share"), icon=icon, key=f"data-sharing-{record.id}"):
        chosen = st.segmented_control(
            t("data.seen_by"),
            list(Visibility),
            default=record.visibility,
            required=True,
            key=f"data-share-{record.id}-{record.visibility}",
            format_func=named(Visibility, lambda one: t(f"visibility.{one.value}")).__getitem__,
        )
        is_other = chosen not in (None, record.visibility)
        if is_other and attempt_here(lambda: _albums().share(record.id, chosen, by=_by())):
            st.rerun()
        st.caption(t(f"data.{record.visibility.value}_about"))
        if record.visibility is not Visibility.PRIVATE:
            link = state.address({"dataset": record.id, "lang": state.language()}, "lab")
            st.code(link, language=None, wrap_lines=True)


def rename(record: AlbumRecord) -> None:
    """Asks for another name, and gives it to the data set."""

    @st.dialog(t("data.rename"))
    def dialog() -> None:
        name = st.text_input(t("data.name"), value=record.name, max_chars=80)
        is_pressed = st.button(t("runs.save"), type="primary")
        if is_pressed and attempt_here(lambda: _albums().rename(record.id, name, by=_by())):
            st.rerun()

    dialog()


def delete(record: AlbumRecord) -> None:
    """Asks whether the data set shall be deleted, and deletes it."""

    @st.dialog(t("data.delete_title"))
    def dialog() -> None:
        st.markdown(t("data.delete_question", name=literal(record.name)))
        st.caption(t("data.delete_about"))
        is_pressed = st.button(t("data.delete"), type="primary", icon=":material/delete:", key="data-delete-now")
        if is_pressed and attempt_here(lambda: _albums().delete(record.id, by=_by())):
            for name in ("data-shown", "dataset"):
                if state.get(name) == record.id:
                    state.set_widget(name, RunSpec.dataset)
            st.rerun()

    dialog()


def _albums():
    return services.engine().albums


def _by():
    return state.visitor()
