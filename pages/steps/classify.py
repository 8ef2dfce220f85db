"""Step 2, classify: a picture of one's own, judged by the run, its baseline and the untouched backbone side by side.

The learner answers: what has each network learned, and what did the backbone know before?
Reads the run from the address; writes the chosen runs and the last answers.
"""

import hashlib
from concurrent.futures import Future

import numpy as np
import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import meaning
from pages.ui.live import live_figure
from pages.ui.text import class_name, literal, named, sentence, t
from tl_core.charts.probabilities import ProbabilitiesLabels, probabilities_figure, probabilities_info
from tl_core.datasets.catalog import dataset_info
from tl_core.datasets.images import ACCEPTED_FORMATS, decode_image, fit_image
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.models.imagenet import imagenet_classes
from tl_core.models.weights import weights_source
from tl_core.store.home import data_home
from tl_core.store.records import RunRecord, RunState

WAIT_S = 120
TOP = 5
KEPT_ANSWERS = 200


def draw() -> None:
    st.title(t("classify.title"))
    st.markdown(t("classify.lead"))
    runs = _choose_runs()
    if not runs:
        st.info(t("classify.no_runs"), icon=":material/science:")
        st.page_link("pages/steps/lab.py", label=t("classify.to_lab"), icon=":material/arrow_back:")
        return
    for name, data in _choose_pictures():
        _draw_picture(name, data, runs)


def _choose_runs() -> list[RunRecord]:
    """Draws the choice of networks; at first the visitor's run and its baseline."""
    store = services.engine().store
    finished = [
        record
        for record in store.list_runs(states=[RunState.COMPLETED, RunState.STOPPED], limit=100)
        if record.best_epoch is not None
    ]
    if not finished:
        return []
    by_id = {record.id: record for record in finished}
    chosen = st.multiselect(
        t("classify.runs"),
        list(by_id),
        default=_first_choice(by_id),
        max_selections=4,
        format_func=named(by_id, lambda run_id: _label(by_id[run_id])).__getitem__,
        help=meaning("run"),
        key=f"classify-runs-{state.run_id()}",
    )
    return [by_id[run_id] for run_id in chosen]


def _first_choice(by_id: dict[str, RunRecord]) -> list[str]:
    try:
        run = services.engine().store.get(state.run_id() or "")
    except UnknownIdError:
        run = next(iter(by_id.values()))
    pair = sorted(filter(None, (run.id, run.twin_id)), key=lambda id_: id_ in by_id and by_id[id_].role == "baseline")
    return [run_id for run_id in pair if run_id in by_id] or [next(iter(by_id))]


def _label(record: RunRecord) -> str:
    return f"{record.name} · {record.id[:6]}"


def _choose_pictures() -> list[tuple[str, bytes]]:
    """Draws the three ways in; returns (file name, content) of each picture."""
    ways = ("sample", "upload", "camera")
    way = st.segmented_control(
        t("classify.way"),
        ways,
        required=True,
        key=state.widget("way", "sample"),
        format_func=named(ways, lambda name: t(f"classify.{name}")).__getitem__,
    )
    state.keep_widget("way")
    if way == "upload":
        files = st.file_uploader(
            t("classify.upload_label"), type=list(ACCEPTED_FORMATS), accept_multiple_files=True, key="upload"
        )
        return [(file.name, file.getvalue()) for file in files]
    if way == "camera":
        photo = st.camera_input(t("classify.camera_label"), key="camera")
        return [(t("classify.photo"), photo.getvalue())] if photo else []
    names = services.sample_files()
    chosen = st.pills(
        t("classify.sample_label"),
        names,
        key=state.widget("sample", "granny_smith_1.jpg"),
        required=True,
        format_func=named(names, _sample_name).__getitem__,
    )
    state.keep_widget("sample")
    return [(chosen, (services.SAMPLES / chosen).read_bytes())]


def _sample_name(file: str) -> str:
    return t(f"sample.{file.removesuffix('.jpg')}")


def _draw_picture(name: str, data: bytes, runs: list[RunRecord]) -> None:
    """Draws one picture and what every network says of it; a bad file gets one sentence and stops nothing."""
    try:
        image = decode_image(data, name)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    picture_hash = hashlib.sha256(data).hexdigest()
    backbones = dict.fromkeys(record.spec["backbone"] for record in runs)
    subjects = [record.id for record in runs] + [f"backbone:{id_}" for id_ in backbones if _has_weights(id_)]
    answers = _answers(picture_hash, image, subjects)
    with st.container(border=True):
        picture, *columns = st.columns([2, *[3] * len(subjects)], gap="medium")
        with picture:
            size = runs[0].spec["image_size"]
            st.image(fit_image(image, size), width="stretch", alt=literal(name))
            st.caption(t("classify.as_seen", name=literal(name), size=size))
        for column, subject in zip(columns, subjects, strict=True):
            with column:
                _draw_answer(subject, answers[subject], runs, f"{picture_hash[:12]}-{subject}")


def _has_weights(backbone_id: str) -> bool:
    return weights_source(backbone_id, data_home(), top=True) != "download"


def _answers(picture_hash: str, image: np.ndarray, subjects: list[str]) -> dict[str, object]:
    """Returns probabilities (or the error) for each network, asking only for what this visit has not seen yet."""
    known = state.kept("answers") or {}
    missing = [subject for subject in subjects if (picture_hash, subject) not in known]
    pending: dict[str, Future] = {subject: services.engine().classify(subject, [image]) for subject in missing}
    with st.spinner(t("classify.working")) if pending else st.empty():
        for subject, future in pending.items():
            try:
                known[picture_hash, subject] = np.asarray(future.result(WAIT_S))[0]
            except (TransferLabError, TimeoutError) as error:
                known[picture_hash, subject] = error
    answers = {subject: known[picture_hash, subject] for subject in subjects}
    kept = {key: value for key, value in known.items() if not isinstance(value, Exception)}
    state.keep("answers", dict(list(kept.items())[-KEPT_ANSWERS:]))
    return answers


def _draw_answer(subject: str, answer: object, runs: list[RunRecord], key: str) -> None:
    record = next((record for record in runs if record.id == subject), None)
    role = record.role if record else "backbone"
    st.markdown(f"**{t(f'classify.{role}')}**", help=literal(record.name) if record else t("classify.backbone_help"))
    if isinstance(answer, TransferLabError):
        st.error(sentence(answer))
        return
    if isinstance(answer, TimeoutError):
        st.error(t("classify.timeout", seconds=WAIT_S))
        return
    names = (
        [class_name(name) for name in dataset_info(record.spec["dataset"]).classes] if record else imagenet_classes()
    )
    best = int(np.argmax(answer))
    st.markdown(f"{literal(names[best])} · {answer[best] * 100:.0f}%")
    info = probabilities_info(list(zip(names, map(float, answer), strict=True)), TOP, role)
    figure = probabilities_figure(info, ProbabilitiesLabels(t("classify.probability")))
    live_figure(figure, key=key, height=210, revision=key, label=t("classify.label", name=names[best]))


draw()
