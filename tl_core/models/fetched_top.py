"""The download of a backbone's ImageNet classifier, in a thread of the server."""

import threading
from pathlib import Path

from tl_core.errors import TransferLabError
from tl_core.models.weights import fetch_top


class FetchedTop:
    """One download; begun when it is made.

    Args:
        backbone_id: A backbone whose classifier is not bundled.
        home: The data folder.

    Attributes:
        done_bytes: How much is here.
        total_bytes: How much there is; None while nobody knows.
        is_done: Whether it has ended, well or not.
        error: Why it failed; None otherwise.

    Raises:
        KeyError: Its classifier comes with the app.

    Thread: any may read; the attributes only ever go forward.
    """

    def __init__(self, backbone_id: str, home: Path) -> None:
        self.done_bytes, self.total_bytes = 0, None
        self.is_done, self.error = False, None
        self._backbone_id, self._home = backbone_id, home
        self._thread = threading.Thread(target=self._fetch, name=f"classifier of {backbone_id}", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits for the end of the download."""
        self._thread.join(timeout_s)

    def _fetch(self) -> None:
        try:
            fetch_top(self._backbone_id, self._home, on_progress=self._note)
        except TransferLabError as error:
            self.error = error
        finally:
            self.is_done = True

    def _note(self, done: int, total: int | None) -> None:
        self.done_bytes, self.total_bytes = done, total
