"""What the class explained in its own words, to read and to take along; with names only where that is asked for."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.ui import csv_download, predictions_chart
from pages.ui.text import t
from tl_core.lessons import class_view
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.progress import Progress

ROWS_PX = 260


def draw(lesson: Lesson, class_: Mapping[str, Progress], names: Mapping[str, str]) -> None:
    """Draws all explanations of a mission.

    Args:
        lesson: The mission with its words.
        class_: Owner → how far they are.
        names: Owner → what the class calls them.
    """
    found = class_view.explanations(lesson.mission, class_)
    if not found:
        return
    st.header(t("missions.explanations"), anchor=False)
    with_names = st.toggle(t("missions.with_names"), help=t("missions.with_names_help"), key="explanations-names")
    steps = {step.id: step for step in lesson.mission.steps}
    columns: dict[str, list[str]] = {}
    if with_names:
        columns[t("missions.student")] = [names[owner] for owner, _, _ in found]
    if len({step for _, step, _ in found}) > 1:
        columns[t("missions.step")] = [predictions_chart.title(lesson, steps[step]) for _, step, _ in found]
    columns[t("learn.own_words")] = [text for _, _, text in found]
    table = pd.DataFrame(columns)
    st.dataframe(table, hide_index=True, height=min(ROWS_PX, 36 * (len(table) + 1) + 3), key="explanations")
    csv_download.offer(table, f"explanations-{lesson.mission.id}")
