"""Lesson plans: what to say, to click and to expect from minute to minute, with links; and as a page to print."""

from functools import partial

import streamlit as st

from pages.ui import state
from pages.ui.persistent import persistent
from pages.ui.text import literal, named, sentence, t
from tl_core.disk.home import data_home
from tl_core.lessons import paper
from tl_core.lessons.catalog import lessons
from tl_core.lessons.plan import ANSWERS, CLICK, Item, LessonPlan, plans


def draw() -> None:
    found, broken = plans(data_home())
    for error in broken:
        st.warning(sentence(error), icon=":material/error:")
    if not found:
        return
    titles = named(found, lambda id: found[id].texts[state.language()].title)
    with st.container(horizontal=True, vertical_alignment="bottom", key="plan-head"):
        box = partial(st.selectbox, t("plans.plan"), list(found), format_func=titles.__getitem__, width=420)
        plan = found[persistent(box, "lesson-plan", next(iter(found)))]
        st.download_button(
            t("plans.print"),
            partial(printed, plan, state.language()),
            file_name=f"{plan.id}.{state.language()}.html",
            mime="text/html",
            icon=":material/print:",
            on_click="ignore",
            key="print-plan",
            help=t("plans.print_help"),
        )
    st.markdown(plan.texts[state.language()].lead)
    for item in plan.items:
        _draw_item(plan, item)


def _draw_item(plan: LessonPlan, item: Item) -> None:
    section = plan.texts[state.language()].sections[item.id]
    with st.container(border=True, key=f"plan-{item.id}"):
        st.header(f"{_minutes(item)} · {literal(section.title)}", anchor=False)
        st.markdown(section.body)
        click, answers = st.columns(2, gap="medium")
        with click:
            st.caption(t("plans.click"))
            st.markdown(section.parts[CLICK])
            if item.page:
                st.markdown(f"[{t(f'{item.page}.title')}{_step_said(item)}]({link(item)})")
            if is_missing(item):
                st.caption(t("plans.missing", mission=literal(item.query["mission"])))
        with answers:
            st.caption(t("plans.answers"))
            st.markdown(section.parts[ANSWERS])


def link(item: Item) -> str:
    """Returns the address that an item leads to, in the language of this visit."""
    return state.address({**item.query, "lang": state.language()}, item.page)


def is_missing(item: Item) -> bool:
    """Says whether an item is about a mission that is not there."""
    return item.query.get("mission", "") not in ("", *lessons(data_home()).lessons)


def _minutes(item: Item) -> str:
    return t("plans.minutes", start=item.start, end=item.end)


def _step_said(item: Item) -> str:
    """Returns the mission and the number of the step that a link opens, as far as they are there."""
    found = lessons(data_home()).lessons.get(item.query.get("mission", ""))
    if found is None:
        return ""
    said = f" · {literal(found.texts[state.language()].title)}"
    ids = [step.id for step in found.mission.steps]
    step = item.query.get("step", "")
    return f"{said} · {t('plans.step', n=ids.index(step) + 1)}" if step in ids else said


def printed(plan: LessonPlan, language: str) -> bytes:
    """Returns a plan as a page to print."""
    words = plan.texts[language]
    parts = [paper.markup(words.lead)]
    for item in plan.items:
        section = words.sections[item.id]
        title = f"{t('plans.minutes', language, start=item.start, end=item.end)} · {section.title}"
        click = f"<h3>{t('plans.click', language)}</h3>{paper.markup(section.parts[CLICK])}"
        answers = f"<h3>{t('plans.answers', language)}</h3>{paper.markup(section.parts[ANSWERS])}"
        parts.append(paper.section(title, paper.markup(section.body), click, answers))
    return paper.document(words.title, language, parts).encode()
