"""Pictures side by side, each of which can be marked with a click or with the keyboard."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.ui.component import WEB, component

_GALLERY = component(
    "gallery",
    html='<div class="tl-gallery" role="group"></div>',
    css=(WEB / "gallery.css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Tile:
    """One picture of a gallery.

    Attributes:
        place: Its number, which a mark gives back.
        address: The picture, as a data address.
        about: What it is, in words.
        badge: A word in its corner, or nothing.
        is_tiny: Whether it has so few pixels that they shall be seen.
    """

    place: int
    address: str
    about: str
    badge: str = ""
    is_tiny: bool = False


def gallery(tiles: Sequence[Tile], *, key: str, label: str, can_mark: bool, is_single: bool = False) -> list[int]:
    """Draws pictures; returns the places of those that are marked, in the order in which they were.

    Args:
        tiles: The pictures.
        key: Names the gallery; other pictures need another key, or marks would be carried over.
        label: What is shown, in a sentence, for those who cannot see it.
        can_mark: Whether a click marks a picture.
        is_single: Whether always exactly one is marked, at first the first one.
    """
    start = [tiles[0].place] if is_single and tiles else []
    data = {
        "tiles": [asdict(tile) for tile in tiles],
        "label": label,
        "can_mark": can_mark,
        "is_single": is_single,
        "marked": start,
        "token": f"{key} {label}",
    }
    shown = _GALLERY(data=data, key=key, default={"marked": start}, on_marked_change=_nothing)
    places = {tile.place for tile in tiles}
    return [place for place in shown.marked or [] if place in places]


def _nothing() -> None:
    """Has the page drawn again when a mark changes, which is all that is needed."""
