"""Pictures side by side, each of which can be marked with a click or with the keyboard."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

_HTML = '<div class="tl-gallery" role="group"></div>'

_CSS = """
.tl-gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); gap: 0.5rem; }
.tl-gallery button { position: relative; padding: 0; border: 3px solid transparent; border-radius: 0.6rem;
  cursor: pointer; background: none; line-height: 0; font: inherit; color: inherit; }
.tl-gallery button:disabled { cursor: default; }
.tl-gallery button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.tl-gallery button[aria-pressed="true"] { border-color: var(--st-primary-color); }
.tl-gallery button[aria-pressed="true"]::after { content: "✓"; position: absolute; top: 0.3rem; left: 0.3rem;
  width: 1.3rem; height: 1.3rem; line-height: 1.3rem; border-radius: 50%; color: #fff; font-size: 0.8rem;
  background: var(--st-primary-color); }
.tl-gallery img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 0.4rem; image-rendering: auto; }
.tl-gallery img.tiny { image-rendering: pixelated; }
.tl-gallery small { position: absolute; right: 0.3rem; bottom: 0.3rem; padding: 0 0.3rem; border-radius: 0.3rem;
  font-size: 0.62rem; line-height: 1.5; color: #fff; background: rgb(20 18 16 / 0.72); }
"""

# every text goes in as text, never as markup: names are what people typed
_JS = """
export default function ({ data, parentElement, setStateValue }) {
  const grid = parentElement.querySelector('.tl-gallery');
  grid.setAttribute('aria-label', data.label);
  if (grid.shown !== data.token) {
    grid.shown = data.token;
    grid.marked ??= new Set(data.marked);
    grid.replaceChildren(...data.tiles.map((tile) => {
      const button = document.createElement('button');
      const image = document.createElement('img');
      button.type = 'button';
      button.disabled = !data.can_mark;
      button.title = tile.about;
      button.setAttribute('aria-pressed', String(grid.marked.has(tile.place)));
      image.src = tile.address;
      image.alt = tile.about;
      image.loading = 'lazy';
      if (tile.is_tiny) image.className = 'tiny';
      button.append(image);
      if (tile.badge) {
        const badge = document.createElement('small');
        badge.textContent = tile.badge;
        button.append(badge);
      }
      button.onclick = () => {
        const { marked } = grid, wasMarked = marked.has(tile.place);
        if (data.is_single) marked.clear();
        wasMarked && !data.is_single ? marked.delete(tile.place) : marked.add(tile.place);
        for (const [at, one] of [...grid.children].entries())
          one.setAttribute('aria-pressed', String(marked.has(data.tiles[at].place)));
        grid.tell([...marked]);
      };
      return button;
    }));
  }
  grid.tell = (marked) => setStateValue('marked', marked);
}
"""

_GALLERY = st.components.v2.component("gallery", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)


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
