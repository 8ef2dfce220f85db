"""Widgets that remember their value across pages.

The value is given to a widget as what it starts with, never set from here afterwards: what is set is told to the
browser once, and where a page is drawn again before the browser has shown it, the widget comes back without it.
"""

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from pages.ui import state

# what the start of a widget is called where it is not `value`
STARTS = MappingProxyType(
    {
        "selectbox": "index",
        "radio": "index",
        "segmented_control": "default",
        "pills": "default",
        "multiselect": "default",
    }
)


def persistent(widget: partial, name: str, default: object) -> Any:
    """Draws a widget with the value that this visitor chose before.

    One with options is another one in each language: a browser keeps the names of options that it has shown.

    Args:
        widget: The widget with its label and, where it has some, its options as the first two arguments.
        name: What its value is remembered by. A widget whose range changes needs another name for each range.
        default: What it starts with.

    Returns:
        Its value.
    """
    kind = widget.func.__name__
    start = state.get(name, default)
    if kind in STARTS:
        start = _possible(start, default, list(widget.args[1]))
    if STARTS.get(kind) == "index":
        start = list(widget.args[1]).index(start)
    key = state.widget_key(name, of_language=kind in STARTS)
    value = widget(key=key, **{STARTS.get(kind, "value"): start})
    state.put(name, value)
    return value


def _possible(start: object, default: object, options: Sequence) -> object:
    """Returns the start, or the default where an option that was chosen is there no more."""
    if isinstance(start, list):
        return [one for one in start if one in options]
    return start if start in options else default
