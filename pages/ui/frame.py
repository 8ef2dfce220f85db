"""What is around every page: title, language, the steps of the lesson, the words."""

import time
from types import MappingProxyType

import streamlit as st

from pages.ui import admission, links, owner_names, pace, services, state
from pages.ui.component import WEB, component
from pages.ui.streamlit_internals import refusal_of_upload
from pages.ui.text import sentence, t
from pages.ui.words import glossary
from tl_core.errors import TransferLabError
from tl_core.phrases import LANGUAGES

STEPS = ("learn", "lab", "data", "classify", "insights", "runs", "experiments", "recipes", "classroom")
ICONS = MappingProxyType(
    {
        "learn": ":material/school:",
        "lab": ":material/science:",
        "data": ":material/photo_library:",
        "classify": ":material/image_search:",
        "insights": ":material/query_stats:",
        "runs": ":material/stacked_line_chart:",
        "experiments": ":material/labs:",
        "recipes": ":material/menu_book:",
        "classroom": ":material/groups:",
    }
)
POLL_S = 3.3  # no multiple of the second of the live panel: of two questions in one moment Streamlit answers one
SIDEBAR_PX = 272
ASKED_S = 5.0  # after so long the way to a run that was asked for is not shown any more

_THEME = component("theme", html='<button type="button" class="tl-theme"></button>')
_SCRIPT = component("page")


def draw() -> None:
    """Draws the frame, then the page that the address names."""
    st.set_page_config(
        page_title="Transfer Lab",
        page_icon="🧪",
        layout="wide",
        initial_sidebar_state=SIDEBAR_PX,
        menu_items={"About": "Transfer Lab"},  # without an entry of ours there is no menu, so no change of theme
    )
    st.logo(WEB / "logo.svg", size="large")
    st.html(WEB / "page.css")
    page = _navigation(is_at_alias=False)
    if page.url_path == STEPS[0]:
        page = _navigation(is_at_alias=True)
    with st.sidebar:
        with st.container(horizontal=True, vertical_alignment="bottom", key="faces"):
            _language_choice()
            _THEME(data={"light": t("frame.light"), "dark": t("frame.dark")}, key="theme", width="content", height=44)
        glossary()
        _machine()
        owner_names.draw_own()  # after the engine was found to work
    admission.open_link()
    if refusal := refusal_of_upload():
        st.error(sentence(refusal))
    is_learning = page.url_path in ("", "start", STEPS[0])
    if is_learning and links.leads_to_lab():  # an address without a page that holds settings or a run
        st.switch_page("pages/lab/page.py", query_params=state.all_asked())
    links.open_link()
    state.write_address(page.url_path if not is_learning else STEPS[0])
    asked_s = state.get("asked_at", 0.0)
    is_new = time.monotonic() - asked_s < ASKED_S
    told = {"language": state.language(), "asked": str(asked_s) if is_new else None}
    told["step"] = "/".join(state.learning().values()) if is_learning else None
    _SCRIPT(data=told, key="page-script", height=1)
    page.run()


def _navigation(*, is_at_alias: bool) -> st.Page:
    """Draws the menu, and returns the page that the address names.

    The first step has two addresses. The menu has the one that is open, else "/": only of what it has it marks one.
    """
    first, alias = _page(STEPS[0], is_hidden=is_at_alias), _page(STEPS[0], is_alias=True, is_hidden=not is_at_alias)
    return st.navigation([first, alias, *map(_page, STEPS[1:])])


def _page(name: str, *, is_alias: bool = False, is_hidden: bool = False) -> st.Page:
    """Returns one step as a page. The first step's address is "/"; its alias answers to its name as well."""
    is_first = name == STEPS[0] and not is_alias
    return st.Page(
        f"pages/{name}/page.py",
        title=t(f"{name}.title"),
        icon=ICONS[name],
        url_path="start" if is_first else name,
        default=is_first,
        visibility="hidden" if is_hidden else "visible",
    )


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
    """Says what trainings run on, or why nothing can run; asks again while the worker starts or trains."""
    try:
        status = services.engine().status()
    except TransferLabError as error:
        st.error(sentence(error))
        st.stop()
    is_moving = status.device is None or status.n_active + status.n_waiting > 0 or status.trouble is not None
    pace.draw_again("machine", _draw_status, POLL_S if is_moving else None, status.device is None, is_moving)


def _draw_status(was_starting: bool, is_polled: bool) -> None:
    status = services.engine().status()
    if status.trouble is not None:
        st.error(sentence(status.trouble), icon=":material/hard_drive:")
    if status.device is None:
        st.caption(t("frame.starting"))
        return
    st.caption(t("frame.machine", device=status.device))
    if status.is_held:
        st.warning(t("frame.held"), icon=":material/pause_circle:")
    if status.n_active + status.n_waiting:
        st.caption(t("frame.busy", n_active=status.n_active, n_waiting=status.n_waiting))
    if was_starting:
        st.rerun()  # once: ends the polling
    if is_polled:
        pace.keep_pace("machine", POLL_S)
