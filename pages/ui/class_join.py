"""The way into the lesson: a link with the instructor's settings of the lab, to copy and to scan."""

import io
from urllib.parse import urlsplit

import segno
import streamlit as st

from pages.ui.links import lesson_link, lesson_of_controls
from pages.ui.text import t

CODE_PX = 560  # to be read from the back row; one click on it fills the screen
MODULE_PX = 12
_LOCAL = ("localhost", "127.0.0.1", "::1")


def draw() -> None:
    """Draws the link as text and as QR code."""
    link = lesson_link(lesson_of_controls())
    st.caption(t("classroom.join_about"))
    st.code(link, language=None, wrap_lines=True)
    if urlsplit(link).hostname in _LOCAL:
        st.warning(t("classroom.join_local"), icon=":material/wifi_off:")
    st.image(qr_code(link), width=CODE_PX, alt=t("classroom.join_code"))


@st.cache_data(max_entries=8, show_spinner=False)
def qr_code(link: str) -> bytes:
    """Returns a PNG, black on white with the quiet margin that scanners need, also in a dark page."""
    file = io.BytesIO()
    segno.make_qr(link, error="m").save(file, kind="png", scale=MODULE_PX, border=4, dark="#000", light="#fff")
    return file.getvalue()
