"""What the camera sees, judged continuously by several runs: pictures that come while one is judged are left out."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st

from pages.ui import pace, services, state
from pages.ui.component import component
from pages.ui.run_names import class_names_in, name_of
from pages.ui.text import percent, t
from tl_core.datasets.images.preparation import Preparation
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.disk.home import data_home
from tl_core.errors import InputError, TransferLabError
from tl_core.ingest.camera_photos import photos_of
from tl_core.phrases import explain
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_preparation

WAIT_S = 6.0  # for the answers to one picture; then the next one is asked for
PAUSE_S = 0.05  # between an answer and the next picture, in a small class
TOP = 3
NAME = "webcam"

_HTML = """
<div class="tl-webcam">
  <video autoplay playsinline muted></video><button type="button"></button><span role="status"></span><div></div>
</div>
"""
_WEBCAM = component("webcam", html=_HTML)


def draw(runs: Sequence[RunRecord]) -> None:
    """Draws the camera and what each run says of what it sees; nothing of it is kept."""
    st.caption(t("webcam.about"))
    st.fragment(_draw)(tuple(runs))


def _draw(runs: tuple[RunRecord, ...]) -> None:
    names = ("ask", "none", "insecure")
    words = {name: t(f"camera.{name}") for name in names}
    words |= {name: t(f"webcam.{name}") for name in ("start", "stop", "view")} | {"pace": t("webcam.pace", n="{n}")}
    said = state.get("webcam-said") or {"answered": 0, "answers": []}
    data = {"words": words, "pause_ms": round(1000 * (pace.slowed(PAUSE_S) or PAUSE_S)), **said}
    _WEBCAM(data=data, key=state.widget_key(NAME), on_frame_change=lambda: _judge(runs))


def _judge(runs: Sequence[RunRecord]) -> None:
    """Has the runs judge the picture that the browser sent, and keeps their answers for the drawing that follows."""
    sent = state.widget_value(NAME).frame
    number = sent.get("number") if isinstance(sent, Mapping) else None
    try:
        answers = answers_to(sent, runs)
    except TransferLabError as error:
        answers = [_refusal(record, error) for record in runs]
    state.put("webcam-said", {"answered": number, "answers": answers})


def answers_to(sent: object, runs: Sequence[RunRecord]) -> list[dict]:
    """Returns what each run says of a picture that a browser sent: {"run", "role", "classes", "error"}.

    Raises:
        InputError: "bad_photos": not a small JPEG in a data address.
        ImageError: It is no picture.
    """
    if not isinstance(sent, Mapping):
        raise InputError("bad_photos", most=1)
    (data,) = photos_of([sent.get("photo")])
    ways = {record.id: run_preparation(record, data_home()) for record in runs}
    squares = {way: prepare_picture(data, "camera.jpg", way).square for way in dict.fromkeys(ways.values())}
    asked = {record.id: _ask(record, squares, ways[record.id]) for record in runs}
    until_s = time.monotonic() + WAIT_S
    return [_answer(record, asked[record.id], until_s) for record in runs]


def _ask(record: RunRecord, squares: Mapping[Preparation, np.ndarray], way: Preparation) -> Future | TransferLabError:
    try:
        return services.engine().requests.classify(record.id, [squares[way]], by=state.visitor())
    except TransferLabError as error:
        return error


def _answer(record: RunRecord, asked: Future | TransferLabError, until_s: float) -> dict:
    try:
        if isinstance(asked, TransferLabError):
            raise asked
        shares = np.asarray(asked.result(max(0.0, until_s - time.monotonic())))[0]
    except TransferLabError as error:
        return _refusal(record, error)
    except TimeoutError:
        return _about(record) | {"classes": [], "error": t("webcam.late")}
    names = class_names_in(record)
    best = np.argsort(-shares, kind="stable")[:TOP]
    classes = [{"name": names[at], "share": float(shares[at]), "text": percent(float(shares[at]))} for at in best]
    return _about(record) | {"classes": classes, "error": None}


def _refusal(record: RunRecord, error: TransferLabError) -> dict:
    return _about(record) | {"classes": [], "error": explain(error, state.language())}


def _about(record: RunRecord) -> dict:
    return {"run": name_of(record), "role": record.role}
