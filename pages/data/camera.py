"""A camera for many pictures: it takes one every 0.3 s as long as its button is held, in the visitor's browser."""

import io

from pages.ui.component import component
from pages.ui.text import t
from tl_core.ingest.camera_photos import MOST_PHOTOS, photos_of

_HTML = """
<div class="tl-camera">
  <video autoplay playsinline muted></video><button type="button"></button><span role="status"></span>
</div>
"""
_CAMERA = component("camera", html=_HTML)


def burst(key: str) -> list[bytes]:
    """Draws the camera.

    Args:
        key: Names it on its page; as long as it stays the same, the camera stays open.

    Returns:
        The photos that were taken just now, JPEG each; empty in every other run of the page.

    Raises:
        InputError: "bad_photos": a browser sent something else.

    Thread:
        Script thread.
    """
    words = {name: t(f"camera.{name}") for name in ("ask", "none", "insecure", "take", "view")}
    sent = _CAMERA(data={"words": words, "most": MOST_PHOTOS}, key=key, on_photos_change=_nothing).photos
    return [] if sent is None else photos_of(sent)


class Photo(io.BytesIO):
    """A photo as what a form would have sent: with a size."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size = len(data)


def _nothing() -> None:
    """Has the page drawn again when photos come, which is all that is needed."""
