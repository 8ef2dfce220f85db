"""Pieces of a page with a script of their own, which lies in `assets/web`."""

from collections.abc import Callable

import streamlit.components.v2 as components

from tl_core.paths import ASSETS

WEB = ASSETS / "web"


def component(name: str, *, html: str | None = None, css: str | None = None) -> Callable:
    """Declares a piece of a page, drawn by calling what this returns.

    Args:
        name: Of its script: `<name>.js`.
        html: What it begins with.
        css: Its style.
    """
    script = (WEB / f"{name}.js").read_text(encoding="utf-8")
    return components.component(name, html=html, css=css, js=script, isolate_styles=False)
