"""Answers about finished runs as a page needs them: there at once, or on their way with an estimate, or called off."""

import json
from collections.abc import Callable, Sequence

import streamlit as st

from pages.ui import pace, services, state
from pages.ui.text import percent, sentence, t, time_left
from tl_core.engine.runs.insights import Asked
from tl_core.errors import TransferLabError
from tl_core.store.records import RunRecord

POLL_S = 0.7
KEPT_QUESTIONS = 16
AT_ONCE_S = 0.4  # what is answered so soon is drawn without a sign of waiting


def answered(
    part: str,
    records: Sequence[RunRecord],
    *,
    draw_value: Callable[[object], None] | None = None,
    place: str = "",
    **parameters: object,
) -> dict | None:
    """Returns an answer; where it is not there yet, draws how far it is, or what went wrong, and returns None.

    Args:
        part: A key of `PARTS`.
        records: The runs that are asked.
        place: Names the place on the page, where the same is asked in several.
        draw_value: Draws what is known so far of a part that says that.
        **parameters: What the part lets one choose.
    """
    name = _name(part, records, parameters)
    if state.get(f"called-off-{name}"):
        _draw_again(name, place)
        return None
    try:
        asked = _asked(name, part, records, parameters)
        return asked.answer(AT_ONCE_S)
    except TimeoutError:
        pace.draw_again(f"insight-{place}-{name}", _draw_waiting, POLL_S, name, place, asked, draw_value)
    except TransferLabError as error:
        _forget(name)
        if error.code == "request_cancelled":  # by another tab of the same visitor
            state.put(f"called-off-{name}", True)
            _draw_again(name, place)
        else:
            st.error(sentence(error))
    return None


def _name(part: str, records: Sequence[RunRecord], parameters: dict) -> str:
    """Returns a name of the question; a run that went on is asked anew."""
    runs = [f"{record.id}-{record.ended_at}" for record in records]
    return json.dumps([part, runs, parameters], sort_keys=True)


def _asked(name: str, part: str, records: Sequence[RunRecord], parameters: dict) -> Asked:
    """Returns a question of this visit, which keeps its last ones: on a full disk nobody else keeps their answers."""
    asked = dict(state.get("questions", {}))
    if name not in asked:
        ids = [record.id for record in records]
        asked[name] = services.engine().insights.ask(part, ids, by=state.visitor(), **parameters)
        if not asked[name].is_done:
            state.put("questions", dict(list(asked.items())[-KEPT_QUESTIONS:]))
    return asked[name]


def _forget(name: str) -> None:
    state.put("questions", {one: asked for one, asked in state.get("questions", {}).items() if one != name})


def _draw_waiting(name: str, place: str, asked: Asked, draw_value: Callable[[object], None] | None) -> None:
    """Draws how far an answer is, and a way to call it off; the page anew once it is there."""
    if asked.is_done:
        st.rerun()
    share, left_s = asked.share, services.engine().insights.remaining_s(asked)
    said = t("insights.computing") if share is None else t("insights.computed", share=percent(share))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text=" · ".join(filter(None, (said, time_left(left_s) if left_s else ""))))
        if st.button(t("insights.cancel"), key=f"cancel-{place}-{name}", icon=":material/close:"):
            services.engine().insights.cancel(asked, by=state.visitor())
            _forget(name)
            state.put(f"called-off-{name}", True)
            st.rerun()
    if draw_value is not None and asked.value is not None:
        draw_value(asked.value)
    pace.keep_pace(f"insight-{place}-{name}", POLL_S)


def _draw_again(name: str, place: str) -> None:
    st.caption(t("insights.called_off"))
    if st.button(t("insights.again"), key=f"again-{place}-{name}", icon=":material/refresh:"):
        state.pop(f"called-off-{name}")
        st.rerun()
