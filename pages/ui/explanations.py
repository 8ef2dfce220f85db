"""Maps over a picture, side by side in one scale of colours, each with what it shows in words."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
import streamlit as st

from pages.ui import services, state
from pages.ui.persistent import persistent
from pages.ui.text import named, percent, t
from tl_core.charts import theme
from tl_core.charts.heat_map import common_top, joined_png, overlay, scaled
from tl_core.datasets.images.data_address import jpeg_address
from tl_core.errors import TransferLabError

ZONES = ("top_left", "top", "top_right", "left", "middle", "right", "bottom_left", "bottom", "bottom_right")
LEAST_LOSS = 0.01  # of probability, below which covering up a field is said to change nothing
EVEN = 0.14  # of a map in its strongest ninth: one that is spread evenly has 0.11 in each


@dataclass(frozen=True, eq=False)
class Shown:
    """A map to be drawn.

    Attributes:
        title: Whose it is.
        picture: What it lies on: uint8 (S, S, 3).
        map: As `evaluation.insight.explanations.told` returns it.
        says: What the network says of the picture.
    """

    title: str
    picture: np.ndarray
    map: Mapping
    says: str = ""


def choose_method(methods: Sequence[str], name: str) -> str:
    """Draws the choice of how a map is found.

    Args:
        methods: Of `evaluation.insight.explanations.METHODS`, the first one chosen at first.
        name: What the choice is remembered by.
    """
    names, label = named(methods, lambda method: t(f"explain.method_{method}")), t("explain.method")
    about, words = t("explain.method_help"), names.__getitem__
    control = partial(st.segmented_control, label, list(methods), required=True, format_func=words, help=about)
    return str(persistent(control, name, methods[0]))


def draw_maps(shown: Sequence[Shown], *, key: str, name: str, has_picture: bool = True) -> None:
    """Draws maps over their pictures, the picture before them, the scale below them, and a download.

    Args:
        shown: The maps, all of one method.
        key: Names the download among those of the page.
        name: What the picture is called.
        has_picture: Whether the picture is drawn too, as the first of the row.
    """
    top = common_top([one.map["cells"] for one in shown])
    overlays = [overlay(one.picture, one.map["cells"], top) for one in shown]
    first = scaled(shown[0].picture)
    figures = [_figure(first, name, name, "")] if has_picture else []
    figures += [
        _figure(pixels, one.title, t("explain.alt", name=one.title, where=said_of(one.map)), _caption(one))
        for pixels, one in zip(overlays, shown, strict=True)
    ]
    st.html(f'<div class="tl-maps">{"".join(figures)}</div>{_scale(top, str(shown[0].map["method"]))}')
    st.download_button(
        t("explain.download"),
        lambda: joined_png([first, *overlays]),
        file_name="explanation.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
        key=f"maps-{key}",
    )


def said_of(map_: Mapping) -> str:
    """Returns in a sentence where a map is strongest: the ninth of the picture that holds most of it."""
    zones = np.ravel(map_["zones"])
    best = int(np.argmax(zones))
    if zones[best] <= 0:
        return t("explain.nothing")
    if map_["method"] == "occlusion" and np.max(map_["cells"]) < LEAST_LOSS:
        return t("explain.insensitive")
    if zones[best] < EVEN:
        return t("explain.even")
    return t("explain.strongest", zone=t(f"explain.zone_{ZONES[best]}"), share=percent(float(zones[best])))


def _figure(pixels: np.ndarray, title: str, about: str, caption: str) -> str:
    return (
        f'<figure><img src="{jpeg_address(pixels)}" alt="{escape(about)}">'
        f"<figcaption><b>{escape(title)}</b>{caption}</figcaption></figure>"
    )


def _caption(one: Shown) -> str:
    says = f"<span>{escape(one.says)}</span>" if one.says else ""
    return f"{says}<span>{escape(said_of(one.map))}</span>"


def _scale(top: float, method: str) -> str:
    """Returns the scale as HTML: its colours, and what stands at its two ends."""
    words = percent(top) if method == "occlusion" else t("explain.times", n=f"{top:.1f}")
    about = t("explain.scale_occlusion" if method == "occlusion" else "explain.scale")
    colours = ", ".join(theme.HEAT)
    return (
        f'<div class="tl-scale"><span>0</span><i style="background: linear-gradient(90deg, {colours})"></i>'
        f"<span>{escape(words)}</span><small>{escape(about)}</small></div>"
    )


def build_ahead(networks: Iterable[tuple[str, str | None]]) -> None:
    """Has the worker get ready to explain networks, once a visit for each of them.

    Args:
        networks: A run's id or "backbone:<id>", each with the time when its weights were written.
    """
    ready: frozenset = state.get("explained-ahead", frozenset())
    new = frozenset(networks) - ready
    if new:
        state.put("explained-ahead", ready | new)
        with suppress(TransferLabError):  # the question itself will say why
            services.engine().requests.explain_ahead(sorted(subject for subject, _ in new), by=state.visitor())
