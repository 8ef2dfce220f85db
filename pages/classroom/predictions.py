"""What the class predicts, before the run; whether the class may see it; and what its runs measured, on top."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from pages.classroom.class_progress import measured_by_class
from pages.ui import predictions_chart, services, state
from pages.ui.actions import attempt_here
from pages.ui.persistent import persistent
from pages.ui.text import literal, named, t
from tl_core.lessons import class_view
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress
from tl_core.store.instructor import reveal


def draw(lesson: Lesson, class_: Mapping[str, Progress]) -> None:
    """Draws the predictions at one step of a mission.

    Args:
        lesson: The mission with its words.
        class_: Owner → how far they are.
    """
    st.header(t("missions.predictions"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="predictions-head"):
        draw_chart = choose(lesson, class_)
    draw_chart()


def choose(lesson: Lesson, class_: Mapping[str, Progress], *, is_large: bool = False) -> Callable[[], object]:
    """Draws what can be chosen, in a line; returns what draws the chart below it.

    Args:
        lesson: The mission with its words.
        class_: Owner → how far they are.
        is_large: Whether it is for a projector: the question and the chart alone, in large letters.
    """
    asking = [step for step in lesson.mission.steps if step.kind == "predict"]
    if not asking:
        return partial(st.caption, t("missions.no_predictions"))
    step = _choose(lesson, asking)
    toggle = partial(st.toggle, t("missions.with_measured"), help=t("missions.with_measured_help"))
    with_measured = persistent(toggle, "class-measured", False)
    if not is_large:
        _draw_switch(lesson, step)
    return partial(_draw_chart, lesson, step, class_, with_measured, is_large)


def _draw_chart(
    lesson: Lesson, step: Step, class_: Mapping[str, Progress], with_measured: bool, is_large: bool
) -> None:
    answers = class_view.predictions(step, class_)
    measured = measured_by_class(lesson.mission, step, class_) if with_measured else []
    if is_large:
        title = f"{lesson.texts[state.language()].title} · {predictions_chart.title(lesson, step)}"
        st.markdown(f"## {literal(title)}")
    if not answers:
        st.caption(t("missions.none_yet"))
        return
    predictions_chart.draw(lesson, step, answers, class_view.together(step, measured), is_large=is_large)
    said = [t("missions.so_many_predicted", n=len(answers), of=len(class_))]
    said += [t("missions.measured_by", n=len(measured))] if with_measured else []
    st.caption(" ".join(said))


def _choose(lesson: Lesson, asking: list[Step]) -> Step:
    """Draws the choice of the step where there is one."""
    if len(asking) == 1:
        return asking[0]
    ids = {step.id: step for step in asking}
    titles = named(ids, lambda id: literal(predictions_chart.title(lesson, ids[id])))
    name = f"class-step-{lesson.mission.id}"
    control = partial(st.segmented_control, t("missions.step"), list(ids), required=True)
    return ids[persistent(partial(control, format_func=titles.__getitem__), name, asking[0].id)]


def _draw_switch(lesson: Lesson, step: Step) -> None:
    """Draws the switch that lets the class see it; it shows what holds, whoever of several instructors set it."""
    store, id = services.engine().store, lesson.mission.id
    is_on = reveal.is_shown(store, id, step.id)
    chosen = st.toggle(
        t("missions.show"), value=is_on, help=t("missions.show_help"), key=f"show-{id}-{step.id}-{is_on}"
    )
    if chosen != is_on:
        attempt_here(lambda: reveal.show(store, id, step.id, chosen, by=state.visitor()))
