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
AT_ONCE_S = 0.4  # what is answered so soon is drawn without a sign of waiting


def answered(
    part: str,
    records: Sequence[RunRecord],
    *,
    draw_value: Callable[[object], None] | None = None,
    **parameters: object,
) -> dict | None:
    """Returns an answer; where it is not there yet, draws how far it is, or what went wrong, and returns None.

    Args:
        part: A key of `PARTS`.
        records: The runs that are asked.
        draw_value: Draws what is known so far of a part that says that.
        **parameters: What the part lets one choose.
    """
    name = _name(part, records, parameters)
    if state.get(f"called-off-{name}"):
        _draw_again(name)
        return None
    try:
        asked = _asked(name, part, records, parameters)
        return asked.answer(AT_ONCE_S)
    except TimeoutError:
        pace.draw_again(f"insight-{name}", _draw_waiting, POLL_S, name, asked, draw_value)
    except TransferLabError as error:
        state.pop(f"asked-{name}")
        if error.code == "request_cancelled":  # by another tab of the same visitor
            state.put(f"called-off-{name}", True)
            _draw_again(name)
        else:
            st.error(sentence(error))
    return None


def _name(part: str, records: Sequence[RunRecord], parameters: dict) -> str:
    """Returns a name of the question; a run that went on is asked anew."""
    runs = [f"{record.id}-{record.ended_at}" for record in records]
    return json.dumps([part, runs, parameters], sort_keys=True)


def _asked(name: str, part: str, records: Sequence[RunRecord], parameters: dict) -> Asked:
    asked = state.get(f"asked-{name}")
    if asked is None:
        ids = [record.id for record in records]
        asked = services.engine().insights.ask(part, ids, by=state.visitor(), **parameters)
        if not asked.is_done:  # what is there is asked for again: it may be somebody else's by then
            state.put(f"asked-{name}", asked)
    return asked


def _draw_waiting(name: str, asked: Asked, draw_value: Callable[[object], None] | None) -> None:
    """Draws how far an answer is, and a way to call it off; the page anew once it is there."""
    if asked.is_done:
        state.pop(f"asked-{name}")
        st.rerun()
    share, left_s = asked.share, services.engine().insights.remaining_s(asked)
    said = t("insights.computing") if share is None else t("insights.computed", share=percent(share))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text=" · ".join(filter(None, (said, time_left(left_s) if left_s else ""))))
        if st.button(t("insights.cancel"), key=f"cancel-{name}", icon=":material/close:"):
            services.engine().insights.cancel(asked, by=state.visitor())
            state.pop(f"asked-{name}")
            state.put(f"called-off-{name}", True)
            st.rerun()
    if draw_value is not None and asked.value is not None:
        draw_value(asked.value)
    pace.keep_pace(f"insight-{name}", POLL_S)


def _draw_again(name: str) -> None:
    st.caption(t("insights.called_off"))
    if st.button(t("insights.again"), key=f"again-{name}", icon=":material/refresh:"):
        state.pop(f"called-off-{name}")
        st.rerun()
