"""How often a page asks again: less often while many are open, so that the server answers each of them at once."""

from collections.abc import Callable

import streamlit as st

from pages.ui import state
from pages.ui.streamlit_internals import ask_again, n_visits

AT_EASE = 40  # open pages that are answered at once when each of them asks every second
EAGER = 16  # that are when some of them ask two or three times a second


def slowed(pace_s: float | None) -> float | None:
    """Returns after how many seconds to ask again where as many pages are open as are now.

    Args:
        pace_s: After how many seconds in a small class; None: never again.
    """
    return None if pace_s is None else pace_s * _times()


def _times() -> int:
    return max(1, -(-n_visits() // AT_EASE))


def is_calm() -> bool:
    """Says whether so few pages are open that some may ask more often than each second."""
    return n_visits() <= EAGER


def draw_again(name: str, draw: Callable[..., None], pace_s: float | None, *told: object) -> None:
    """Draws a part of the page that is drawn again and again.

    Args:
        name: Names the part among those of the page.
        draw: Draws it, as `draw(*told)`.
        pace_s: After how many seconds in a small class; None: never again.
        *told: What `draw` is told.
    """
    every_s = slowed(pace_s)
    state.put(f"pace-{name}", every_s)
    st.fragment(draw, run_every=every_s)(*told)


def keep_pace(name: str, pace_s: float) -> None:
    """Has the part that is being drawn be asked for at another pace from now on, where that has changed.

    Args:
        name: What it was named.
        pace_s: After how many seconds in a small class.
    """
    every_s = pace_s * _times()
    if state.get(f"pace-{name}") != every_s:
        state.put(f"pace-{name}", every_s)
        ask_again(every_s)
