"""What networks say of one picture: asked once, kept for the visit, drawn side by side."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st

from pages.classify import novelty, why
from pages.classify.samples import Picture
from pages.ui import services, state
from pages.ui.live_chart import live_figure
from pages.ui.run_names import class_names_in, name_of
from pages.ui.text import literal, note, sentence, t
from tl_core.charts.probabilities import ProbabilitiesLabels, probabilities_figure, probabilities_info
from tl_core.datasets.images.decode import fit_image, safe_name
from tl_core.datasets.images.preparation import Preparation
from tl_core.datasets.images.prepared import Prepared, prepare_picture
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.evaluation.framing_checks import picture_notes
from tl_core.models.imagenet import imagenet_classes
from tl_core.models.weights import weights_source
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes, run_preparation

WAIT_S = 120
TOP = 5
KEPT_ANSWERS = 200
Answer = np.ndarray | TransferLabError | TimeoutError  # probabilities, or why there are none


def draw_picture(asked: Picture, runs: Sequence[RunRecord], place: int) -> None:
    """Draws one picture and what every network says of it; a bad file gets one sentence and stops nothing.

    Args:
        asked: The picture.
        runs: The networks to ask; their untouched backbones are asked as well.
        place: Which picture of the page it is; the same file may be there twice.
    """
    name = safe_name(asked.name)
    ways = {record.id: run_preparation(record, data_home()) for record in runs}
    try:
        prepared = {way: prepare_picture(asked.data, name, way) for way in dict.fromkeys(ways.values())}
    except TransferLabError as error:
        st.error(sentence(error))
        return
    picture_hash = hashlib.sha256(asked.data).hexdigest()
    backbones = dict.fromkeys(record.spec["backbone"] for record in runs)
    usual = ways[runs[0].id]
    subjects = {record.id: (record.ended_at, ways[record.id]) for record in runs}
    subjects |= {f"backbone:{id_}": (None, usual) for id_ in backbones if _has_weights(id_)}
    answers = _answers(picture_hash, {way: one.square for way, one in prepared.items()}, subjects)
    with st.container(border=True, key=f"answers-{place}"):
        picture, *columns = st.columns([2, *[3] * len(subjects)], gap="medium")
        with picture:
            _draw_seen(prepared[usual], name, runs[0].spec["image_size"])
        for column, subject in zip(columns, subjects, strict=True):
            with column:
                key = f"{place}-{picture_hash[:12]}-{subject}"
                record = next((record for record in runs if record.id == subject), None)
                _draw_answer(record, answers[subject], asked.truth, key)
                if record is not None and isinstance(answers[subject], np.ndarray):
                    novelty.draw(record, prepared[ways[subject]].square, key)
                if record is not None and ways[subject] != usual:
                    _draw_seen(prepared[ways[subject]], name, record.spec["image_size"])
        why.draw(
            _explicable(runs, subjects, answers, prepared), picture_hash, key=f"{place}-{picture_hash[:12]}", name=name
        )
        if asked.is_outside:
            st.info(t("classify.closed_world"), icon=":material/door_front:")


def _explicable(
    runs: Sequence[RunRecord],
    subjects: dict[str, tuple[str | None, Preparation]],
    answers: dict[str, Answer],
    prepared: dict[Preparation, Prepared],
) -> list[why.Answered]:
    """Returns the networks that have answered, as they are asked why."""
    records = {record.id: record for record in runs}
    found = []
    for subject, (written, way) in subjects.items():
        if isinstance(answers[subject], np.ndarray):
            record = records.get(subject)
            title = name_of(record) if record else t("classify.backbone")
            classes = class_names_in(record) if record else imagenet_classes()
            found.append(why.Answered(subject, written, title, classes, prepared[way].square))
    return found


def _draw_seen(picture: Prepared, name: str, size: int) -> None:
    """Draws a picture as a network gets it, and what of its file that is."""
    st.image(fit_image(picture.square, size), width="stretch", alt=name)
    st.caption(t("classify.as_seen", name=literal(name), size=size))
    for told in picture_notes(picture):
        st.caption(note(told.to_dict()))


def _has_weights(backbone_id: str) -> bool:
    return weights_source(backbone_id, data_home(), top=True) != "download"


def _answers(
    picture_hash: str, squares: dict[Preparation, np.ndarray], subjects: dict[str, tuple[str | None, Preparation]]
) -> dict[str, Answer]:
    """Returns probabilities (or the error) for each network, asking only for what this visit has not asked yet.

    Args:
        picture_hash: SHA-256 of the picture's file.
        squares: The picture in each way in which it was prepared, uint8 (S, S, 3).
        subjects: The networks, each with the time when its weights were written (a resumed run is another network),
            and the way in which its pictures are prepared.
    """
    asked: dict[tuple, Future] = state.get("answers") or {}
    with st.spinner(t("classify.working")):
        answers = {}
        for subject, (written, way) in subjects.items():
            key = (picture_hash, subject, written, way)
            answers[subject] = _answer(asked, key, squares[way])
            if isinstance(answers[subject], TransferLabError):
                asked.pop(key, None)  # asked again next time; an answer that is only late is waited for again
    state.put("answers", dict(list(asked.items())[-KEPT_ANSWERS:]))
    return answers


def _answer(asked: dict[tuple, Future], key: tuple, image: np.ndarray) -> Answer:
    try:
        if key not in asked:
            asked[key] = services.engine().requests.classify(key[1], [image], by=state.visitor())
        return np.asarray(asked[key].result(WAIT_S))[0]
    except (TransferLabError, TimeoutError) as error:
        return error


def _draw_answer(record: RunRecord | None, answer: Answer, truth: str | None, key: str) -> None:
    """Draws what a run says, or with None the untouched backbone; and whether it is right, where that is known."""
    role = record.role if record else "backbone"
    about = literal(name_of(record)) if record else t("classify.backbone_help")
    st.markdown(f"**{t(f'classify.{role}')}**", help=about)
    if isinstance(answer, TransferLabError):
        st.error(sentence(answer))
        return
    if isinstance(answer, TimeoutError):
        st.error(t("classify.timeout", seconds=WAIT_S))
        return
    names = class_names_in(record) if record else imagenet_classes()
    best = int(np.argmax(answer))
    st.markdown(f"{literal(names[best])} · {answer[best] * 100:.0f}%{_verdict(record, best, truth)}")
    info = probabilities_info(list(zip(names, map(float, answer), strict=True)), TOP, role)
    figure = probabilities_figure(info, ProbabilitiesLabels(t("classify.probability")))
    live_figure(figure, key=key, height=210, revision=key, label=t("classify.label", name=names[best]))
    if record is not None and record.spec.get("head") == "svm":
        st.caption(t("classify.svm_scores"))


def _verdict(record: RunRecord | None, best: int, truth: str | None) -> str:
    """Returns a sign for right or wrong; nothing where the run does not know the class that the picture shows."""
    classes = () if record is None else run_classes(record, data_home())
    if truth not in classes:
        return ""
    return f" · :green[✓ {t('classify.right')}]" if classes[best] == truth else f" · :orange[✗ {t('classify.wrong')}]"
