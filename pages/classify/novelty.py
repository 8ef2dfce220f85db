"""Whether a picture is unlike anything that a run was trained on: measured when asked for, with how often that errs."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st

from pages.ui import services, state
from pages.ui.answers import answered
from pages.ui.text import dataset_name, percent, sentence, t
from tl_core.errors import TransferLabError
from tl_core.evaluation.insight.unlike import LEAST_AUROC, NoveltyChoice
from tl_core.store.records import RunRecord

WAIT_S = 60
KEPT_DISTANCES = 200


def draw(record: RunRecord, picture: np.ndarray, key: str) -> None:
    """Draws how unlike a picture is, or the way to ask; once a run was asked, it answers for every picture.

    Args:
        record: The run.
        picture: As the run's pictures are made ready, uint8 (S, S, 3).
        key: Names the place on the page; the same picture may be there twice.
    """
    name = f"novelty-{record.id}-{record.ended_at}"
    try:
        is_known = services.engine().insights.known("novelty", [record.id], by=state.visitor()) is not None
        if not is_known and not state.get(name):
            if st.button(t("classify.unlike_check"), key=f"novelty-{key}", help=t("classify.unlike_check_help")):
                state.put(name, True)
                st.rerun()
            return
        known = answered("novelty", [record], place=key)
        if known is not None:
            _draw_known(record, known, picture, key)
    except TransferLabError as error:
        st.caption(sentence(error))
    except TimeoutError:
        st.caption(t("classify.timeout", seconds=WAIT_S))


def _draw_known(record: RunRecord, known: dict, picture: np.ndarray, key: str) -> None:
    """Draws the score, and what it is worth; or, where it is worth nothing, why."""
    if not known["can_tell"]:
        st.info(t("classify.unlike_cannot", kinds=_kinds(known["foreign"], poor=True)), icon=":material/help:")
        return
    distance = _distance(record, picture, key)
    validation = np.asarray(known["validation"])
    nearer = float((validation < distance).mean())
    if distance > known["threshold"]:
        st.warning(t("classify.unlike_yes", share=percent(nearer)), icon=":material/travel_explore:")
    else:
        st.markdown(f":material/check: {t('classify.unlike_no', share=percent(nearer))}")
    shares = {name: percent(known[name]) for name in ("low", "high")}
    said = [t("classify.unlike_error", rate=percent(known["error_rate"]), n=known["n_test"], **shares)]
    if known["near"] is not None:
        ends = {name: percent(known[f"near_{name}"]) for name in ("low", "high")}
        said.append(t("classify.unlike_near", near=percent(known["near"]), **ends))
    said.append(t("classify.unlike_far", kinds=_kinds(known["foreign"], poor=False)))
    st.caption("  \n".join(said))


def _kinds(foreign: Sequence[dict], *, poor: bool) -> str:
    """Returns the data sets that a run was tried on, each with its value; of `poor` those that it cannot tell."""
    told = [one for one in foreign if one["low"] < LEAST_AUROC or not poor]
    separator = t("classify.unlike_and")
    return separator.join(
        t("classify.unlike_kind", dataset=dataset_name(one["dataset"]), auroc=percent(one["auroc"])) for one in told
    )


def _distance(record: RunRecord, picture: np.ndarray, key: str) -> float:
    """Returns how far a picture is, asked once in a visit.

    Raises:
        TransferLabError: It could not be measured.
        TimeoutError: It took too long.
    """
    asked: dict[tuple, Future] = state.get("distances") or {}
    place = (key, record.ended_at)
    if place not in asked:
        k = NoveltyChoice().k
        asked[place] = services.engine().requests.unlike(record.id, [picture], k, by=state.visitor())
    try:
        return float(asked[place].result(WAIT_S)[0])
    except TransferLabError:
        asked.pop(place)
        raise
    finally:
        state.put("distances", dict(list(asked.items())[-KEPT_DISTANCES:]))
