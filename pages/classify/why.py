"""Why the networks say what they say of a picture: a map for each answer, in one scale."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.ui import services, state
from pages.ui.explanations import Shown, build_ahead, choose_method, draw_maps
from pages.ui.text import percent, sentence, t
from tl_core.errors import TransferLabError

WAIT_S = 120
METHODS = ("gradcam", "occlusion")  # CAM is Grad-CAM here: it looks at the last block
KEPT_MAPS = 60


@dataclass(frozen=True, eq=False)
class Answered:
    """A network and its answer.

    Attributes:
        subject: A run's id, or "backbone:<id>".
        written: When its weights were written.
        title: What the network is called.
        classes: Names of its classes.
        picture: As it is given: uint8 (S, S, 3).
    """

    subject: str
    written: str | None
    title: str
    classes: Sequence[str]
    picture: np.ndarray


def draw(answered: Sequence[Answered], picture_hash: str, *, key: str, name: str) -> None:
    """Draws the question, and once it is asked a map for each network.

    Args:
        answered: The networks that have answered.
        picture_hash: SHA-256 of the picture's file.
        key: Names this among those of the page.
        name: What the picture is called.
    """
    if not answered:
        return
    if not st.toggle(t("explain.why"), key=f"why-{key}", help=t("explain.why_help")):
        build_ahead((one.subject, one.written) for one in answered)
        return
    method = choose_method(METHODS, f"why-method-{key}")
    try:
        maps = _maps(answered, picture_hash, method)
    except TransferLabError as error:
        st.error(sentence(error))
    except TimeoutError:
        st.error(t("classify.timeout", seconds=WAIT_S))
    else:
        shown = [
            Shown(one.title, one.picture, map_, _says(one, map_)) for one, map_ in zip(answered, maps, strict=True)
        ]
        draw_maps(shown, key=f"why-{key}", name=name, has_picture=False)


def _maps(answered: Sequence[Answered], picture_hash: str, method: str) -> list[dict]:
    """Returns the map of each network; what this visit has asked before is not asked again.

    Raises:
        TransferLabError: What went wrong with one of them; it is asked again next time.
        TimeoutError: One is late.
    """
    asked: dict[tuple, Future] = state.get("maps") or {}
    keys = [(picture_hash, one.subject, one.written, method) for one in answered]
    with st.spinner(t("explain.working")):
        try:
            for key, one in zip(keys, answered, strict=True):
                if key not in asked:
                    requests = services.engine().requests
                    asked[key] = requests.explain(one.subject, one.picture, by=state.visitor(), method=method)
            return [asked[key].result(WAIT_S) for key in keys]
        finally:
            good = {key: future for key, future in asked.items() if not (future.done() and future.exception())}
            state.put("maps", dict(list(good.items())[-KEPT_MAPS:]))


def _says(one: Answered, map_: Mapping) -> str:
    return f"{one.classes[map_['target']]} · {percent(map_['probability'])}"
