"""A step that is read, with the picture of the idea beside it."""

import streamlit as st

from pages.learn import kept
from pages.learn.results import Results, told
from pages.ui import state
from pages.ui.layer_map import layer_map
from pages.ui.text import t
from tl_core.datasets.known import known_dataset
from tl_core.disk.home import data_home
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.lessons.progress import Progress
from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec


def draw(lesson: Lesson, step: Step, progress: Progress, results: Results) -> None:
    words = lesson.texts[state.language()]
    st.markdown(told(words.sections[step.id].body, words, results))
    if step.show == "map":
        for name in step.runs:
            draw_map(lesson.mission.spec(name, data_home()), f"map-{step.id}-{name}")
    if st.button(t("learn.next"), type="primary", icon=":material/arrow_forward:", key="next"):
        kept.go_on(lesson.mission, step)


def draw_map(spec: RunSpec, key: str) -> None:
    """Draws the strip of blocks of a run with its cut."""
    backbone = backbone_info(spec.backbone)
    n_classes = len(known_dataset(spec.dataset, data_home()).classes)
    head = backbone.head_params(spec.head, spec.hidden, spec.image_size, n_classes, spec.head_at) or 0
    layer_map(spec, backbone, head, key)
