"""A mission as the class does it, live: who is at which step, what was predicted, what was explained."""

from collections.abc import Mapping
from functools import partial
from html import escape

import streamlit as st

from pages.classroom import explanations, predictions
from pages.classroom.class_progress import class_of, everybody
from pages.ui import pace, state
from pages.ui.owner_names import owner_names
from pages.ui.persistent import persistent
from pages.ui.text import named, t
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import Lesson, lessons
from tl_core.lessons.class_view import Place, n_at, places
from tl_core.lessons.progress import Progress

POLL_S = 3.7  # no multiple of the other polls of the page: of two questions in one moment Streamlit answers one
SHOWN = 60  # rows; a class is smaller, and a school sees the first of them
_MARK = 4  # letters of an owner's mark


def draw() -> None:
    """Draws the desk's part of missions, and looks again every few seconds."""
    pace.draw_again("class-missions", _draw_live, POLL_S)


def _draw_live() -> None:
    lesson = choose()
    if lesson is None:
        return
    class_ = class_of(lesson.mission)
    if class_:
        _draw_board(lesson, places(lesson.mission, class_))
    else:
        st.caption(t("missions.nobody"))
    predictions.draw(lesson, class_)
    explanations.draw(lesson, class_, names_of(class_))
    pace.keep_pace("class-missions", POLL_S)


def choose() -> Lesson | None:
    """Draws the choice of the mission, which begins with the one that most of the class are in."""
    found = lessons(data_home()).lessons
    if not found:
        return None
    titles = named(found, lambda id: found[id].texts[state.language()].title)
    box = partial(st.selectbox, t("missions.mission"), list(found), format_func=titles.__getitem__, width=420)
    begun = [one.lesson for one in everybody() if one.lesson in found]
    return found[persistent(box, "class-mission", max(found, key=begun.count))]


def names_of(class_: Mapping[str, Progress]) -> dict[str, str]:
    """Returns owner → what the class calls them; who has neither a run nor a name is told by a mark."""
    known = owner_names()
    return {owner: known.get(owner) or t("missions.new", mark=owner[-_MARK:]) for owner in class_}


def _draw_board(lesson: Lesson, all_places: list[Place]) -> None:
    words, counts = lesson.texts[state.language()], n_at(all_places)
    steps = [(step.id, words.sections[step.id].title or t(f"learn.kind_{step.kind}")) for step in lesson.mission.steps]
    steps.append(("", t("learn.end")))
    st.caption(t("missions.so_many", n=len(all_places), over=counts[""]))
    names = names_of({place.owner: Progress() for place in all_places})
    heads = "".join(
        f'<th scope="col" title="{escape(title)}">{number if id else escape(title)}<b>{counts[id] or "–"}</b></th>'
        for number, (id, title) in enumerate(steps, start=1)
    )
    rows = "".join(_row(names[place.owner], place, steps) for place in all_places[:SHOWN])
    head = f'<th scope="col">{escape(t("missions.student"))}</th><th scope="col">{escape(t("missions.now_at"))}</th>'
    caption = f"<caption>{escape(t('missions.board_about'))}</caption>"
    table = f"<table>{caption}<thead><tr>{head}{heads}</tr></thead><tbody>{rows}</tbody></table>"
    st.html(
        f'<div class="tl-steps" tabindex="0" role="region" aria-label="{escape(t("missions.board"))}">{table}</div>'
    )
    if len(all_places) > SHOWN:
        st.caption(t("classroom.more", n=len(all_places) - SHOWN))


def _row(name: str, place: Place, steps: list[tuple[str, str]]) -> str:
    """Returns the row of one student: the step they are at in words, and a sign for each step."""
    signs = "".join(
        '<td class="at">●</td>' if id == place.at else "<td>✓</td>" if id in place.done else "<td></td>"
        for id, _ in steps
    )
    at = f"{[id for id, _ in steps].index(place.at) + 1}. {dict(steps)[place.at]}" if place.at else dict(steps)[""]
    return f'<tr><th scope="row">{escape(name)}</th><td class="now">{escape(at)}</td>{signs}</tr>'
