"""The words of the lab: what each means, in a line; in a paragraph with a picture; as a formula with its source.

The texts are copy, `term.<word>.…`: `name` and `about` of every word, `more`, `picture` (what the picture shows),
`formula`, `where` (its signs) and `reference` of those where they say something. What a visitor has not asked for is
not sent.
"""

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape

import streamlit as st

from pages.ui import state
from pages.ui.component import WEB
from pages.ui.text import literal, named, t
from tl_core.phrases import keys

PICTURES = WEB / "words"
TERMS = (
    "transfer",
    "backbone",
    "pretrained",
    "head",
    "softmax",
    "svm",
    "logistic",
    "head_at",
    "block",
    "freeze",
    "cut",
    "prefix",
    "proof",
    "feature",
    "parameter",
    "probe",
    "finetuning",
    "scratch",
    "baseline",
    "run",
    "epoch",
    "split",
    "near_duplicate",
    "album",
    "phase",
    "rate",
    "block_rates",
    "unfreezing",
    "schedule",
    "batch",
    "size",
    "gradient",
    "optimizer",
    "momentum",
    "augment",
    "dropout",
    "patience",
    "class_weight",
    "seed",
    "accuracy",
    "loss",
    "overfitting",
    "interval",
    "paired",
    "mcnemar",
    "holm",
    "arithmetic",
    "batchnorm",
    "confusion",
    "calibration",
    "ece",
    "gradcam",
    "occlusion",
    "cka",
    "pca",
    "tsne",
    "knn",
    "logme",
    "sweep",
    "trial",
    "fault",
    "mission",
    "claim",
)


def meaning(term: str) -> str:
    """Returns the meaning of a word in a line, for the help mark of a control."""
    return t(f"term.{term}.about")


def glossary() -> None:
    """Draws the names of all words, to be searched, and what the chosen one means."""
    st.fragment(_draw_glossary)()


def _draw_glossary() -> None:
    with st.popover(t("frame.words"), icon=":material/menu_book:", width="stretch", key="glossary"):
        names = named(TERMS, _name)
        chosen = st.selectbox(
            t("words.find"),
            sorted(TERMS, key=lambda term: names[term].casefold()) if state.language() == "en" else TERMS,
            index=None,
            format_func=names.__getitem__,
            placeholder=t("words.placeholder", n=len(TERMS)),
            key=state.widget_key("word", of_language=True),
        )
        if chosen is not None:
            draw(chosen)


def _name(term: str) -> str:
    return t(f"term.{term}.name")


def draw_row(*terms: str) -> None:
    """Draws words that stand in a title or text beside it, each to be opened; what it means is sent then."""
    st.fragment(_draw_links)(terms)


def _draw_links(terms: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"words-{terms[0]}"):
        st.caption(t("words.here"), width="content")
        for term in terms:
            _draw_link(term, f"word-{terms[0]}-{term}")


def _draw_link(term: str, key: str) -> None:
    place = st.popover(_name(term), type="tertiary", key=key, on_change="rerun")
    if place.open:
        with place:
            draw(term)


def draw(term: str) -> None:
    """Draws what a word means, on as many levels as there are."""
    with st.container(gap="small"):
        st.markdown(f"**{literal(_name(term))}**  \n{meaning(term)}")
        _draw_paragraph(term)
        _draw_formula(term)


def _draw_paragraph(term: str) -> None:
    if drawing := _drawing(term):
        label = escape(t(f"term.{term}.picture"), quote=True)
        st.html(f'<div class="tl-word" role="img" aria-label="{label}" style="--drawing: url({drawing})"></div>')
    if has(term, "more"):
        st.markdown(t(f"term.{term}.more"))


def _draw_formula(term: str) -> None:
    if has(term, "formula"):
        st.latex(t(f"term.{term}.formula"))
        st.caption(f"{literal(t(f'term.{term}.where'))}  \n{literal(t(f'term.{term}.reference'))}")


def has(term: str, level: str) -> bool:
    """Says whether a word has a text on a level."""
    return f"term.{term}.{level}" in keys("en")


@cache
def _drawing(term: str) -> str:
    """Returns the picture of a word as a data address; "" where there is none.

    Streamlit takes SVG out of a text. The page has it as a mask, through which the colour of the text is seen.
    """
    file = PICTURES / f"{term}.svg"
    return f"data:image/svg+xml;base64,{b64encode(file.read_bytes()).decode()}" if file.exists() else ""


def pictured() -> Sequence[str]:
    """Returns the words that have a picture."""
    return [term for term in TERMS if (PICTURES / f"{term}.svg").exists()]
