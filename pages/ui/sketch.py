"""An empty chart on which a visitor draws the curve that they expect, by pointer or by arrow keys."""

from collections.abc import Sequence

from pages.ui import state
from pages.ui.component import WEB, component
from pages.ui.text import t

_SKETCH = component(
    "sketch",
    html='<div class="tl-sketch" role="group"></div>',
    css=(WEB / "sketch.css").read_text(encoding="utf-8"),
)


def sketch_on(levels: Sequence[str], places: Sequence[float], name: str, axis: str) -> list[float | None]:
    """Draws the chart; what was drawn on it is remembered for as long as its levels stay the same.

    Args:
        levels: What stands below the points, from left to right.
        places: Where they stand, in [0, 1].
        name: What the sketch is remembered by.
        axis: What the levels are levels of.

    Returns:
        A fraction in [0, 1] for each level, None where nothing was drawn yet.
    """
    token = f"{state.widget_key(name)} {list(places)}"
    before = state.get(name)
    values: list[float | None] = [None] * len(levels)
    if isinstance(before, dict) and before.get("token") == token:
        values = before["values"]
    words = {"label": t("experiments.sketch_label", x=axis), "unset": t("experiments.sketch_unset")}
    data = {"levels": list(levels), "places": list(places), "values": values, "token": token, "words": words}
    key = state.widget_key(name, of_language=True)
    told = _SKETCH(data=data, key=key, default={"drawn": None}, on_drawn_change=_nothing).drawn
    if isinstance(told, dict) and told.get("token") == token:
        values = list(told.get("values") or [])
        state.put(name, {"token": token, "values": values})
    return values


def _nothing() -> None:
    """Has the page drawn again when a point was set, which is all that is needed."""
