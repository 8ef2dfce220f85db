"""Files that browsers have sent and nobody has taken in yet: they wait on disk, within a limit for each who sends."""

import os
import shutil
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tl_core.disk.home import ensure_folder
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import StoreError

# What may wait of one tab; of one browser, which may have many; of one address, which a class of 30 with 100 MB each
# may share, but which whoever throws cookies away still has; and of all.
LIMITS = {"visit": 500_000_000, "owner": 1_000_000_000, "address": 3_200_000_000, "all": 4_000_000_000}
EXPIRES_S = 60.0  # after the end of a visit; a browser whose network fails for a moment comes back to the same visit
TOLD_S = 30.0
BLOCK_BYTES = 4096  # what the smallest file takes on disk
WAITING = "sent-"  # how the folder of each begins

_Account = tuple[str, str]  # a limit's name, and for whom it is


@dataclass(frozen=True)
class WaitingFile:
    """A file that has arrived.

    Attributes:
        id: What the visit calls it.
        name: What the browser calls it, which may be anything.
        kind: The type of content that the browser names.
        path: Where it lies, in a folder of its own.
        n_bytes: Its size.
    """

    id: str
    name: str
    kind: str
    path: Path
    n_bytes: int


@dataclass(frozen=True)
class Sender:
    """Who sends a file: each of these has a limit of its own."""

    visit: str
    owner: str
    address: str


@dataclass
class _Place:
    """The room of one file: booked when its sending begins, filled when it has arrived."""

    accounts: list[_Account]
    folder: Path
    n_bytes: int
    file: WaitingFile | None = None


class WaitingFiles:
    """What has been sent and not taken in, by visit.

    Args:
        limits: Bytes that may wait at most, where they are others than `LIMITS`.

    Thread: any.
    """

    def __init__(self, **limits: int) -> None:
        self._limits = LIMITS | limits
        self._places: dict[str, dict[str, _Place]] = defaultdict(dict)
        self._booked: Counter[_Account] = Counter()  # bytes
        self._left_s: dict[str, float] = {}
        self._refusals: dict[str, tuple[StoreError, float]] = {}
        self._lock = threading.Lock()

    def book(self, home: Path, sender: Sender, file_id: str, n_bytes: int) -> Path:
        """Books room for a file that a browser begins to send; returns an empty folder for it, the server's alone.

        Raises:
            StoreError: "visit_uploads", "owner_uploads", "address_uploads" or "all_uploads": beyond a limit;
                "disk_full" or "home_not_writable".
        """
        root, n_bytes = ensure_folder(home / "uploads"), max(n_bytes, BLOCK_BYTES)
        with self._lock:
            accounts = []
            for code, limit, who in (
                ("visit_uploads", "visit", sender.visit),
                ("owner_uploads", "owner", sender.owner),
                ("address_uploads", "address", sender.address),
                ("all_uploads", "all", ""),
            ):
                accounts.append((limit, who))
                if self._booked[limit, who] + n_bytes > self._limits[limit]:
                    raise StoreError(code, allowed_mb=self._limits[limit] // 1_000_000)
            check_space(root, n_bytes)
            with storage_errors(root, n_bytes):
                folder = Path(tempfile.mkdtemp(prefix=WAITING, dir=root))
            self._take(sender.visit, file_id)
            self._places[sender.visit][file_id] = _Place(accounts, folder, n_bytes)
            self._booked.update(dict.fromkeys(accounts, n_bytes))
        return folder

    def keep(self, visit: str, folder: Path, file: WaitingFile) -> bool:
        """Notes that a file has arrived in the folder that was booked for it; False if nobody waits for it any more."""
        with self._lock:
            place = self._places.get(visit, {}).get(file.id)
            if place is None or place.folder != folder:
                return False
            place.file = file
            return True

    def found(self, visit: str, file_ids: Iterable[str]) -> list[WaitingFile]:
        """Returns those of the files that have arrived and are still there, in the order asked for."""
        with self._lock:
            places = self._places.get(visit, {})
            files = [places[file_id].file for file_id in file_ids if file_id in places]
        return [file for file in files if file is not None and os.path.exists(file.path)]

    def remove(self, visit: str, file_id: str) -> None:
        """Removes one file, if it is there."""
        with self._lock:
            self._take(visit, file_id)

    def _take(self, visit: str, file_id: str) -> None:
        if place := self._places.get(visit, {}).pop(file_id, None):
            self._booked.subtract(dict.fromkeys(place.accounts, place.n_bytes))
            self._booked = +self._booked  # forgets those who have nothing left
            shutil.rmtree(place.folder, ignore_errors=True)

    def remove_all(self, visit: str) -> None:
        """Removes all that a visit has waiting, also what is just arriving."""
        with self._lock:
            for file_id in list(self._places.get(visit, {})):
                self._take(visit, file_id)
            for kept in (self._places, self._refusals, self._left_s):
                kept.pop(visit, None)

    def expire(self, is_open: Callable[[str], bool], now_s: float) -> None:
        """Removes what visits left behind that were seen to have ended a minute ago; to be called every few seconds.

        Args:
            is_open: Says whether a visit goes on.
            now_s: Of a clock that only goes forward.
        """
        with self._lock:
            visits = {*self._places, *self._refusals}
        for visit in visits:
            if is_open(visit):
                self._left_s.pop(visit, None)
            elif now_s - self._left_s.setdefault(visit, now_s) >= EXPIRES_S:
                self.remove_all(visit)

    def note_refusal(self, visit: str, refusal: StoreError, now_s: float) -> None:
        """Keeps why a file was refused, for its visit to be told."""
        with self._lock:
            self._refusals[visit] = refusal, now_s

    def refusal(self, visit: str, now_s: float) -> StoreError | None:
        """Returns why a file of a visit was refused, for half a minute: a page is drawn more than once in that time."""
        with self._lock:
            refusal, noted_s = self._refusals.get(visit, (None, 0.0))
        return refusal if now_s - noted_s < TOLD_S else None
