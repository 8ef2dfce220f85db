"""The predictions of a class as one chart, for the instructor's desk, a projector, and the students' own pages."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.live_chart import live_figure
from pages.ui.text import t
from tl_core.charts.predictions import (
    PredictionsInfo,
    PredictionsLabels,
    band_info,
    bars_info,
    numbers_info,
    predictions_data,
)
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.measures import unit
from tl_core.lessons.mission import Step

HEIGHT_PX, LARGE_PX = 300, 560
LARGE = 1.7  # letters for a projector, relative to those for a desk
_PERCENT = ("share", "points")


def draw(lesson: Lesson, step: Step, answers: Sequence[Any], measured: Any, *, is_large: bool = False) -> None:
    """Draws what was predicted at a step, and on top what was measured.

    Args:
        lesson: The mission with its words.
        step: One of its steps of the kind "predict".
        answers: What each of the class predicted.
        measured: What the runs say; None: nothing yet, or not to be shown yet.
        is_large: Whether it is for a projector.
    """
    info = _info(lesson, step, answers, measured)
    figure = predictions_data(info, _labels(lesson, step), LARGE if is_large else 1.0)
    live_figure(
        json.dumps(figure, separators=(",", ":"), allow_nan=False),
        key=f"class-predictions-{step.id}{'-large' if is_large else ''}",
        height=LARGE_PX if is_large else HEIGHT_PX,
        revision=f"{lesson.mission.id}-{step.id}",
        label=t("missions.chart", n=len(answers), step=title(lesson, step)),
    )
    if step.form in ("order", "sketch"):
        st.caption(t(f"missions.about_{step.form}"))


def title(lesson: Lesson, step: Step) -> str:
    """Returns what a step is called in the visitor's language."""
    return lesson.texts[state.language()].sections[step.id].title or t(f"learn.kind_{step.kind}")


def _info(lesson: Lesson, step: Step, answers: Sequence[Any], measured: Any) -> PredictionsInfo:
    measure = lesson.mission.measures[step.measure]
    if step.form == "number":
        return numbers_info(answers, measured, 100.0 if unit(measure) in _PERCENT else 1.0)
    if step.form == "sketch":
        return band_info(answers, measure.runs, measured)
    return bars_info(answers, measure.runs if step.form == "order" else step.choices, measured)


def _labels(lesson: Lesson, step: Step) -> PredictionsLabels:
    words, measure = lesson.texts[state.language()], lesson.mission.measures[step.measure]
    value = {"number": f"learn.number_{unit(measure)}", "sketch": f"learn.value_{measure.of}"}.get(step.form or "")
    return PredictionsLabels(
        predicted=t("missions.predicted"),
        measured=t("learn.measured"),
        students=t("missions.students"),
        value=t(value) if value else "",
        names={name: words.choice(step.id, name) for name in (*step.choices, *measure.runs)},
    )
