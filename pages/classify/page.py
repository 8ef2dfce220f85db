"""Step 3, classify: a visitor's own picture, judged by the run, its baseline and the untouched backbone side by side.

The learner answers: what has each network learned, and what did the backbone know before?
Reads the run from the address; writes the chosen runs and the last answers.
"""

from functools import partial

import streamlit as st

from pages.classify import missing_tops, samples, webcam
from pages.classify.predictions import draw_picture
from pages.ui import bundles
from pages.ui.persistent import persistent
from pages.ui.run_choice import choose_runs
from pages.ui.text import named, t
from pages.ui.uploader_words import draw_field_words
from tl_core.datasets.images.decode import ACCEPTED_FORMATS
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.store.records import RunRecord

MAX_MEGABYTES = MAX_FILE_BYTES // 1_000_000
MOST_RUNS = 4


def draw() -> None:
    st.title(t("classify.title"))
    st.markdown(t("classify.lead"))
    runs = choose_runs("classify", most=MOST_RUNS)
    bundles.draw_upload()
    if runs == []:
        st.info(t("classify.none_chosen"), icon=":material/arrow_upward:")
        return
    if runs is None:
        st.info(t("classify.no_runs"), icon=":material/science:")
        st.page_link("pages/lab/page.py", label=t("classify.to_lab"), icon=":material/arrow_back:")
        return
    missing_tops.draw(dict.fromkeys(str(record.spec["backbone"]) for record in runs))
    for place, picture in enumerate(_choose_pictures(runs)):
        draw_picture(picture, runs, place)


def _choose_pictures(runs: list[RunRecord]) -> list[samples.Picture]:
    """Draws the ways in; returns the pictures. What the live camera sees is judged where it is seen."""
    ways = ("sample", "upload", "camera", "webcam")
    names = named(ways, lambda name: t(f"classify.{name}"))
    control = partial(st.segmented_control, t("classify.way"), ways, required=True, format_func=names.__getitem__)
    way = persistent(control, "way", "sample")
    draw_field_words("classify.upload_limit", MAX_MEGABYTES)
    if way == "upload":
        files = st.file_uploader(
            t("classify.upload_label"),
            type=list(ACCEPTED_FORMATS),
            accept_multiple_files=True,
            max_upload_size=MAX_MEGABYTES,
            key="upload",
        )
        return [samples.Picture(file.name, file.getvalue()) for file in files]
    if way == "webcam":
        webcam.draw(runs)
        return []
    if way == "camera":
        photo = st.camera_input(t("classify.camera_label"), key="camera", width=480)
        return [samples.Picture(t("classify.photo"), photo.getvalue())] if photo else []
    return samples.choose(str(runs[0].spec["dataset"]))


draw()
