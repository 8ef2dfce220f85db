"""The end of a mission: the sentence that the visitor's own runs support, what it does not show, and the way on."""

import streamlit as st

from pages.learn import kept, verdicts, worksheet
from pages.learn.results import is_known, results_of, told
from pages.ui import state
from pages.ui.actions import open_run
from pages.ui.text import literal, t
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import Lesson, lessons
from tl_core.lessons.mission_text import END, LIMITS
from tl_core.lessons.progress import Progress


def draw(lesson: Lesson, progress: Progress) -> None:
    mission, words = lesson.mission, lesson.texts[state.language()]
    results, section = results_of(mission, progress), words.sections[END]
    verdict = results.measured(mission.conclusion) if mission.conclusion else None
    said = section.choices.get(str(verdict), "") if mission.conclusion else section.body
    said = said if is_known(said, results) else ""
    is_undecided = mission.conclusion and results.standing(mission.conclusion) == "undecided"
    if said:
        st.success(f"**{told(said, words, results)}**", icon=":material/flag:")
    elif is_undecided:
        st.info(t("learn.undecided"), icon=":material/balance:")
    else:
        st.info(t("learn.nothing_follows"), icon=":material/replay:")
    st.markdown(f"**{t('learn.not_shown')}** {told(section.parts[LIMITS], words, results)}")
    verdicts.draw(lesson, progress, results)
    for step in mission.steps:
        if step.kind == "explain" and step.id in progress.answers:
            with st.container(border=True, key=f"own-words-{step.id}"):
                st.caption(t("learn.own_words"))
                st.markdown(literal(str(progress.answers[step.id])))
    worksheet.draw(lesson, progress, results, told(said, words, results))
    with st.container(horizontal=True, key="mission-ways"):
        _draw_ways(lesson, progress)


def _draw_ways(lesson: Lesson, progress: Progress) -> None:
    """Draws the ways on: to the next mission, to the runs, and back to the beginning."""
    found = lessons(data_home()).lessons
    ids = list(found)
    later = ids[ids.index(lesson.mission.id) + 1 :] if lesson.mission.id in ids else []
    if later and st.button(
        t("learn.next_mission"), type="primary", icon=":material/arrow_forward:", key="next-mission"
    ):
        kept.open_mission(found[later[0]].mission)
    if progress.runs and st.button(t("learn.open_lab"), icon=":material/science:", key="open-lab"):
        open_run(next(iter(progress.runs.values())))
    kept.draw_anew(lesson.mission)
