"""What is around every page: title, language, the steps of the lesson, the words."""

from pathlib import Path

import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import glossary
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.phrases import LANGUAGES

STEPS = (
    ("lab", ":material/science:"),
    ("classify", ":material/image_search:"),
    ("runs", ":material/stacked_line_chart:"),
)
WEB = Path(__file__).resolve().parents[2] / "assets" / "web"


def draw() -> None:
    """Draws the frame, then the page that the address names."""
    st.set_page_config(page_title="Transfer Lab", page_icon="🧪", layout="wide", initial_sidebar_state="auto")
    st.logo(WEB / "logo.svg", size="large")
    st.html(WEB / "page.css")
    page = st.navigation(
        [
            st.Page(f"pages/steps/{name}.py", title=t(f"{name}.title"), icon=icon, url_path=name, default=name == "lab")
            for name, icon in STEPS
        ]
    )
    with st.sidebar:
        _language_choice()
        glossary()
        _machine()
    state.write_address()
    page.run()


def _language_choice() -> None:
    chosen = st.segmented_control(
        t("frame.language"),
        LANGUAGES,
        default=state.language(),
        required=True,
        key=f"language-{state.language()}",
        format_func=lambda code: {"en": "English", "zh": "中文"}[code],
    )
    if chosen != state.language():
        state.set_language(chosen)
        st.rerun()


def _machine() -> None:
    """Says what trainings run on, or why nothing can run."""
    try:
        status = services.engine().status()
    except TransferLabError as error:
        st.error(sentence(error))
        st.stop()
    if status.device is None:
        st.caption(t("frame.starting"))
    else:
        st.caption(t("frame.machine", device=status.device, n_active=status.n_active, n_waiting=status.n_waiting))
