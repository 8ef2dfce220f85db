"""The question what the folders of an import mean: each way to read them as a card with pictures of its classes."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from pages.data.summary import bulleted
from pages.ui import services, state
from pages.ui.text import literal, note, t
from tl_core.engine.imports.import_snapshot import ImportSnapshot
from tl_core.errors import UnknownIdError
from tl_core.phrases import levels

PER_ROW = 2


def draw(one: ImportSnapshot) -> None:
    """Draws the readings of an import that asks, and the buttons that choose one or cancel it."""
    with st.container(border=True, key=f"asking-{one.id}"):
        st.header(t("data.ask_title", name=literal(one.name)), anchor=False)
        is_only = len(one.readings) == 1
        st.markdown(t("data.ask_about_one" if is_only else "data.ask_about"))
        for first in range(0, len(one.readings), PER_ROW):
            row = one.readings[first : first + PER_ROW]
            for number, (column, reading) in enumerate(zip(st.columns(PER_ROW), row, strict=False), first + 1):
                with column:
                    _draw_reading(one.id, number, reading, is_only=is_only)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(t("data.cancel"), icon=":material/close:", key=f"forget-{one.id}"):
                services.engine().imports.cancel(one.id, by=state.visitor())
                st.rerun()
            st.caption(t("data.reading_expires"), width="stretch")


def _draw_reading(import_id: str, number: int, reading: dict, *, is_only: bool) -> None:
    """Draws one way to read the folders: in words, with pictures, and with the button that chooses it."""
    is_best = number == 1 and not is_only
    with st.container(border=True, key=f"reading-{import_id}-{number}"):
        st.subheader(t("data.reading_best" if is_best else "data.reading", n=number), anchor=False)
        st.markdown(f"**{note(reading['content'])}**")
        st.html(_pictures(reading["examples"], reading["counts"]))
        if n_more := reading["n_classes"] - len(reading["examples"]):
            st.caption(t("data.more_classes", n=n_more))
        st.markdown(bulleted(_told(reading)))
        if reading["doubts"]:
            st.warning(bulleted([note(doubt) for doubt in reading["doubts"]]), icon=":material/help:")
        kind = "primary" if number == 1 else "secondary"
        if st.button(t("data.reading_take", n=number), type=kind, key=f"take-{import_id}-{number}"):
            _answer(import_id, number)


def _told(reading: dict) -> list[str]:
    """Returns why and how the folders may be read so, and what would not be learned from."""
    shown = levels(reading, state.language())
    told = [t(f"reading.{reading['why']}"), t("data.reading_levels", levels=literal(shown))]
    if n := reading["n_left_out"]:
        files = t("unit.comma").join(literal(file) for file in reading["left_out"])
        told.append(t("data.reading_left_out", n=n, files=files))
    if n := reading["n_unlabelled"]:
        told.append(t("data.reading_unlabelled", n=n))
    return told


def _pictures(examples: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> str:
    """Returns the pictures of each class beside its name, as HTML."""
    rows = []
    for name, addresses in examples.items():
        about = [escape(t("data.reading_example", n=n, name=name)) for n in range(1, len(addresses) + 1)]
        shown = "".join(f'<img src="{address}" alt="{words}">' for address, words in zip(addresses, about, strict=True))
        rows.append(f"<li><span><b>{escape(name)}</b> · {counts[name]:,}</span>{shown}</li>")
    return f'<ul class="tl-examples">{"".join(rows)}</ul>'


def _answer(import_id: str, number: int) -> None:
    try:
        services.engine().imports.answer(import_id, number, by=state.visitor())
    except UnknownIdError:  # over, and forgotten since
        return
    st.rerun()
