"""The way into the lesson: a short address of the instructor's settings of the lab, to type, to copy and to scan."""

import io
from urllib.parse import urlsplit

import segno
import streamlit as st

from pages.ui import services, state
from pages.ui.links import link_of_controls
from pages.ui.text import literal, sentence, t
from tl_core.errors import TransferLabError
from tl_core.store.lesson import lesson_code

CODE_PX, BOARD_CODE_PX = 280, 300
MODULE_PX = 12
_LOCAL = ("localhost", "127.0.0.1", "::1")


def draw() -> None:
    """Draws a button that unfolds address and QR code."""
    with st.popover(t("classroom.join"), icon=":material/qr_code_2:"):
        st.caption(t("classroom.join_about"))
        link = _link()
        if link is not None:
            st.code(link, language=None, wrap_lines=True)
            st.image(qr_code(link), width=CODE_PX, alt=t("classroom.join_code"))


def draw_large() -> None:
    """Draws QR code and address, to be read from the back row."""
    link = _link()
    if link is not None:
        st.image(qr_code(link), width=BOARD_CODE_PX, alt=t("classroom.join_code"))
        st.markdown(f"### {literal(link.removeprefix('http://'))}")


def _link() -> str | None:
    """Returns the short address of the lab's present settings; says what is wrong with it, or why there is none."""
    try:
        code = lesson_code(services.engine().store, link_of_controls().to_query(), by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return None
    link = state.address({"join": code})
    if urlsplit(link).hostname in _LOCAL:
        st.warning(t("classroom.join_local"), icon=":material/wifi_off:")
    return link


@st.cache_data(max_entries=8, show_spinner=False)
def qr_code(link: str) -> bytes:
    """Returns a PNG, black on white with the quiet margin that scanners need, also in a dark page."""
    file = io.BytesIO()
    segno.make_qr(link, error="m").save(file, kind="png", scale=MODULE_PX, border=4, dark="#000", light="#fff")
    return file.getvalue()
