"""The colours of every chart, and the layout that all figures start from. Nothing else names a colour.

A colour has one meaning. Three carry the one idea of the lab: blue is what pretraining brought and training leaves
alone, vermillion is what this training changes, green is the new head. A run is violet, its baseline ochre, the
untouched backbone teal; the splits of a data set have three quiet tones. All read on the light and on the dark
background alike (at least 3:1), those of one chart differ for every kind of colour vision, and none is the only sign:
blocks also differ by pattern and curves by dash and marker. Figures name no text or background colour: anyone who draws
them fills those in.

References:
    Okabe and Ito (2008), Color Universal Design. WCAG 2.2, success criteria 1.4.1 and 1.4.11. Machado et al. (2009), A
    Physiologically-based Model for Simulation of Color Vision Deficiency. Smith and van der Walt (2015), inferno.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

FROZEN = "#0B76B8"  # blue: kept from pretraining
TRAINABLE = "#C9520A"  # vermillion: changed by this training
HEAD = "#12876A"  # green: new
SPLITS = ("#5F7387", "#8C7A5E", "#7E6B8F")  # training, validation, test
NEUTRAL = "#7B766E"  # lines that carry no class of their own
HEAT = (  # from nothing to most: lightness grows evenly, also in grey and for every kind of colour vision
    "#000004",
    "#1B0C41",
    "#4A0C6B",
    "#781C6D",
    "#A52C60",
    "#CF4446",
    "#ED6925",
    "#FB9B06",
    "#F7D13D",
    "#FCFFA4",
)
LETTERS_PX = 13
ON_FILL = "#FFFFFF"  # text and patterns upon the colours above


@dataclass(frozen=True)
class Style:
    """How one run is drawn; no two of a palette share a colour, and no two share dash and marker."""

    colour: str
    dash: str
    marker: str


RUN = Style("#9A5FC4", "solid", "circle")
BASELINE = Style("#9A7A10", "dash", "square")
BACKBONE = Style("#2A8FA3", "solid", "circle")  # as it came, without any training here
OTHERS = (
    Style("#5B8C2A", "dot", "diamond"),
    Style("#C4455A", "dashdot", "triangle-up"),
    Style("#A0714A", "longdash", "x"),
    Style("#6D6BD1", "longdashdot", "triangle-down"),
    Style("#B0609C", "2px,3px", "pentagon"),
    Style(NEUTRAL, "8px,3px", "hexagon"),
)
PALETTE = (RUN, BASELINE, *OTHERS)


def styles(roles: Sequence[str]) -> tuple[Style, ...]:
    """Returns one style for each run, in order.

    Args:
        roles: "run", "baseline" or "backbone" for each. The first of each role has a style of its own, so that a pair
            looks the same on every page; all others take the remaining styles in turn.
    """
    chosen: list[Style] = []
    n_others = 0
    for role in roles:
        style = {"baseline": BASELINE, "backbone": BACKBONE}.get(role, RUN)
        if style in chosen:
            style = OTHERS[n_others % len(OTHERS)]
            n_others += 1
        chosen.append(style)
    return tuple(chosen)


def translucent(colour: str, opacity: float) -> str:
    """Returns a colour "#RRGGBB" as "rgba(…)" of the given opacity, in [0, 1]."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def layout(**settings: object) -> go.Layout:
    """Returns the layout that every figure starts from: quiet, see-through, and without Plotly's default template.

    Args:
        **settings: Further settings of `go.Layout`; they win.
    """
    return go.Layout(plain_layout(**settings))


def plain_layout(**settings: object) -> dict:
    """Returns what `layout` returns as plain data, which takes no time to make."""
    return {
        "template": {"layout": {"bargap": 0.2}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "font": {"size": LETTERS_PX},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {"align": "left", "namelength": -1},
        **settings,
    }
