"""Names that people typed, made safe to draw.

Plotly reads a subset of HTML in every text: tick labels, trace names, hover boxes, annotations. A class folder may be
called `<b>cat</b>` or `<a href=…>`, and shall be shown letter by letter.
"""

ELLIPSIS = "…"
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_JOINERS = "\u200c\u200d"  # parts of emoji and of words in many scripts


def plain(name: str) -> str:
    """Returns a name so written that Plotly shows it letter by letter: & < > escaped, a space for what nobody sees."""
    shown = "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in name)
    return shown.translate(_ENTITIES)


def plain_in_template(name: str) -> str:
    """Returns a name for a hover template: as `plain` does, and a `%{…}` in it is not filled in."""
    return plain(name).replace("%", "&#37;")


def shortened(name: str, n_letters: int) -> str:
    """Returns a name of at most `n_letters` letters, the last an ellipsis where it was cut. Shorten before `plain`."""
    return name if len(name) <= n_letters else name[: n_letters - 1].rstrip() + ELLIPSIS
