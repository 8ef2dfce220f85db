"""Step 3, classify: a visitor's own picture, judged by the run, its baseline and the untouched backbone side by side.

The learner answers: what has each network learned, and what did the backbone know before?
Reads the run from the address; writes the chosen runs and the last answers.
"""

from contextlib import suppress
from functools import partial

import streamlit as st

from pages.classify import missing_tops, samples
from pages.classify.predictions import draw_picture
from pages.ui import bundles, services, state
from pages.ui.blocks import meaning
from pages.ui.owner_names import owner_name
from pages.ui.persistent import persistent
from pages.ui.run_names import name_of
from pages.ui.text import named, t
from pages.ui.uploader_words import draw_field_words
from tl_core.datasets.images.decode import ACCEPTED_FORMATS
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.errors import UnknownIdError
from tl_core.store.records import RunRecord, RunState

MAX_MEGABYTES = MAX_FILE_BYTES // 1_000_000
FINISHED = (RunState.COMPLETED, RunState.STOPPED)


def draw() -> None:
    st.title(t("classify.title"))
    st.markdown(t("classify.lead"))
    runs = _choose_runs()
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


def _choose_runs() -> list[RunRecord] | None:
    """Draws the choice of networks, at first the visitor's run and its baseline; None if there is none."""
    finished = [run for run in _seen_runs() if run.state in FINISHED and run.best_epoch is not None]
    if not finished:
        return None
    by_id = {record.id: record for record in finished}
    chosen = st.multiselect(
        t("classify.runs"),
        list(by_id),
        default=_first_choice(by_id),
        max_selections=4,
        placeholder=t("classify.choose"),
        format_func=named(by_id, lambda run_id: _label(by_id[run_id])).__getitem__,
        help=meaning("run"),
        key=f"classify-runs-{state.run_id()}",
    )
    return [by_id[run_id] for run_id in chosen]


def _seen_runs() -> list[RunRecord]:
    """Returns the finished runs that the visitor finds in a list, and the one that a link led to, with its twin."""
    engine, by = services.engine(), state.visitor()
    seen = {record.id: record for record in engine.runs.list_runs(by=by, states=FINISHED, limit=100)}
    with suppress(UnknownIdError):
        opened = engine.runs.find(state.run_id() or "", by=by)
        seen |= {opened.id: opened}
        seen |= {opened.twin_id: engine.runs.find(opened.twin_id, by=by)} if opened.twin_id else {}
    return list(seen.values())


def _first_choice(by_id: dict[str, RunRecord]) -> list[str]:
    try:
        run = services.engine().runs.find(state.run_id() or "", by=state.visitor())
    except UnknownIdError:
        run = next(iter(by_id.values()))
    pair = sorted(filter(None, (run.id, run.twin_id)), key=lambda id_: id_ in by_id and by_id[id_].role == "baseline")
    return [run_id for run_id in pair if run_id in by_id] or [next(iter(by_id))]


def _label(record: RunRecord) -> str:
    """Returns a run's name, with whose it is where it is another's."""
    is_mine = record.owner == state.visitor().owner
    return " · ".join([name_of(record), *([] if is_mine else [owner_name(record.owner)]), record.id[:6]])


def _choose_pictures(runs: list[RunRecord]) -> list[samples.Picture]:
    """Draws the three ways in; returns the pictures."""
    ways = ("sample", "upload", "camera")
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
    if way == "camera":
        photo = st.camera_input(t("classify.camera_label"), key="camera", width=480)
        return [samples.Picture(t("classify.photo"), photo.getvalue())] if photo else []
    return samples.choose(str(runs[0].spec["dataset"]))


draw()
