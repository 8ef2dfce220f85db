"""All missions as cards, and for a newcomer one sentence, one picture and one button before them."""

import streamlit as st

from pages.learn import kept
from pages.ui import services, state
from pages.ui.layer_map import layer_map
from pages.ui.text import literal, sentence, t
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import Found, Lesson, lessons
from tl_core.lessons.progress import Progress
from tl_core.models.catalog import backbone_info
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec

COLUMNS = 2


def draw() -> None:
    found, known = lessons(data_home()), kept.all_progress()
    if not known and not services.engine().runs.list_runs(by=state.visitor(), owner=state.visitor().owner, limit=1):
        _draw_welcome(found)
    st.header(t("learn.missions"), anchor="missions")
    st.markdown(t("learn.missions_about"))
    cards = list(found.lessons.values())
    for first in range(0, len(cards), COLUMNS):
        with st.container(key=f"cards-{first}"):
            places = st.columns(COLUMNS, gap="medium")
        for lesson, place in zip(cards[first : first + COLUMNS], places, strict=False):
            with place:
                _draw_card(lesson, known.get(lesson.mission.id, Progress()))
    _draw_broken(found)


def _draw_welcome(found: Found) -> None:
    """Draws the idea: one sentence, the strip of blocks with the cut, and the way into the first mission."""
    with st.container(border=True, key="welcome"):
        st.header(t("learn.idea"), anchor=False)
        spec = plan_run({"n_frozen": backbone_info(RunSpec.backbone).n_blocks - 2})
        layer_map(spec, backbone_info(spec.backbone), 0, "welcome-map")
        first = next(iter(found.lessons), None)
        if first is not None and st.button(
            t("learn.begin_first"), type="primary", icon=":material/play_arrow:", key="begin-first"
        ):
            kept.open_mission(found.lessons[first].mission)


def _draw_card(lesson: Lesson, progress: Progress) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    n_done, n = progress.n_done(mission), len(mission.steps)
    with st.container(border=True, key=f"card-{mission.id}", height="stretch"):
        st.subheader(literal(words.title), anchor=mission.id)
        st.markdown(words.lead)
        with st.container(horizontal=True, vertical_alignment="center"):
            said = [t("learn.minutes", n=mission.minutes)]
            if progress.ended_at:
                said.append(t("learn.over"))
            elif n_done:
                said.append(t("learn.so_far", done=n_done, n=n))
            st.caption(" · ".join(said), width="stretch")
            if n_done:
                kept.draw_anew(mission)
            name = "again" if progress.ended_at else "go_on" if n_done else "begin"
            if st.button(t(f"learn.{name}"), key=f"open-{mission.id}", icon=":material/arrow_forward:"):
                kept.open_mission(mission)


def _draw_broken(found: Found) -> None:
    """Says what is wrong with a mission's file: to whoever can mend it."""
    if found.broken and state.visitor().is_instructor:
        for error in found.broken:
            st.warning(sentence(error), icon=":material/error:")
