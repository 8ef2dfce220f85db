"""A chart that stays: one node in the page for as long as the page lives, redrawn in place.

`st.plotly_chart` is mounted anew whenever its data change, which loses the zoom and flickers. This component keeps its
node and gives each new figure to `Plotly.react`. Plotly's own script is not in the messages: the browser fetches it
once from the route `/assets/plotly-basic.min.js` of this server. Until it is there, the chart is an empty box.
Figures bring no text and no background colour; the page's theme fills those in, again whenever the theme changes.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import plotly.graph_objects as go

from pages.ui.component import component
from pages.ui.sprites import Sprite

PLOTLY_VERSION = "4.1.1"  # of assets/web/plotly-basic.min.js; a part of its address, so that browsers may keep it

_STYLE = """
.tl-live { position: relative; width: 100%; overflow: hidden; }
.tl-live .tl-glimpse { position: absolute; z-index: 3; pointer-events: none; border-radius: 0.4rem;
  border: 2px solid var(--st-background-color); box-shadow: 0 1px 6px rgb(0 0 0 / 0.4); }
.tl-save { display: flex; justify-content: flex-end; gap: 0.4rem; padding: 0.25rem 0; }
.tl-save button { font: inherit; font-size: 0.8rem; min-width: 2.8rem; padding: 0.15rem 0.6rem; border-radius: 0.5rem;
  border: 1px solid var(--st-border-color); background: transparent; color: inherit; cursor: pointer; }
.tl-save button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
SAVING_PX = 40  # below a chart that can be saved
_FIGURE = component("live_chart", html='<div class="tl-live"></div>', css=_STYLE)


@dataclass(frozen=True)
class Replay:
    """Reveals the recorded curves of a figure from left to right, once.

    Attributes:
        token: Names this showing; a chart that has shown it shows it no more.
        runs: Whose curves are revealed; all others are drawn as they are.
        seconds: How long that takes.
    """

    token: str
    runs: tuple[str, ...]
    seconds: float = 4.0


@dataclass(frozen=True)
class Saving:
    """Lets a visitor save a chart as a picture.

    Attributes:
        name: Of the file, without an ending.
        png: What the button for PNG says to who cannot see it.
        svg: The same of SVG.
    """

    name: str
    png: str
    svg: str


def live_figure(
    figure: go.Figure | str,
    *,
    key: str,
    height: int,
    revision: str,
    label: str,
    replay: Replay | None = None,
    can_press: bool = False,
    sprite: Sprite | None = None,
    save: Saving | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> str | None:
    """Draws a figure in the place that `key` names, or redraws the one that is there.

    Args:
        figure: From one of `tl_core.charts`, or the JSON of one; only scatter and bar traces, which the small Plotly
            bundle knows.
        key: Names the chart among all of the page.
        height: Of the chart, in pixels.
        revision: Zoom, and which curves the legend hides, are kept while this stays the same.
        label: What the chart shows, in a sentence, for those who cannot see it.
        replay: Reveals recorded curves bit by bit, if given.
        can_press: Whether a point that has an id can be pressed.
        sprite: Pictures of the points that have an id, shown beside whichever is pointed at.
        save: Lets one save what is drawn, if given.
        width: Of the chart, in pixels; "stretch": that of its container.

    Returns:
        The id of the point that was pressed just now; None in every other run of the page.

    Thread:
        Script thread.
    """
    data = {
        "figure": figure if isinstance(figure, str) else figure.to_json(validate=False, remove_uids=False),
        "height": height,
        "revision": revision,
        "label": label,
        "version": PLOTLY_VERSION,
        "replay": asdict(replay) if replay else None,
        "can_press": can_press,
        "sprite": asdict(sprite) if sprite else None,
        "save": asdict(save) if save else None,
    }
    whole_px = height + (SAVING_PX if save else 0)
    if not can_press:
        _FIGURE(data=data, key=key, height=whole_px, width=width)
        return None
    return _FIGURE(data=data, key=key, height=whole_px, width=width, on_pressed_change=_nothing).pressed


def _nothing() -> None:
    """Has the page drawn again when a point is pressed, which is all that is needed."""
