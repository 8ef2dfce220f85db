"""Who was admitted as the instructor, and until when. The browser has the admission's id in a signed cookie.

It is made when somebody is admitted, and is no part of the owner's cookie: who knew that one before, on a computer that
a class shares, must not become the instructor with it.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.errors import StoreError

LASTS_S = 12 * 3600  # a day of lessons
TICKET_LASTS_S = 60


class Admissions:
    """Keeps the ids of admissions in `home/admissions.json`, so that a restart of the server ends none.

    Args:
        home: The data folder.
        clock: Seconds of the calendar's time.

    Thread: any.
    """

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock, self._lock = home / "admissions.json", clock, threading.Lock()
        self._tickets: dict[str, tuple[str, float]] = {}
        self._until_s: dict[str, float] = {}
        with suppress(OSError, ValueError, AttributeError, TypeError):  # there is none, or it is damaged
            self._until_s = {str(id): float(until_s) for id, until_s in json.loads(self._path.read_bytes()).items()}

    def admit(self) -> str:
        """Admits somebody; returns the admission's id, 32 hexadecimal digits."""
        with self._lock:
            id, now_s = secrets.token_hex(16), self._clock()
            held = {other: until_s for other, until_s in self._until_s.items() if until_s > now_s}
            self._keep({**held, id: now_s + LASTS_S})
            return id

    def holds(self, id: str | None) -> bool:
        """Says whether an admission is one of ours, has not expired, and was not revoked."""
        return self._until_s.get(id or "", 0.0) > self._clock()

    def revoke(self, id: str | None) -> None:
        """Ends an admission, wherever its cookie was copied to."""
        with self._lock:
            self._keep({other: until_s for other, until_s in self._until_s.items() if other != id})

    def ticket(self, id: str) -> str:
        """Returns what the browser fetches the cookie of an admission with: a minute long, once."""
        with self._lock:
            ticket, now_s = secrets.token_urlsafe(16), self._clock()
            held = {other: one for other, one in self._tickets.items() if one[1] > now_s}
            self._tickets = {**held, ticket: (id, now_s + TICKET_LASTS_S)}
            return ticket

    def redeem(self, ticket: str) -> str | None:
        """Returns the admission that a ticket stands for; None if there is none any more."""
        with self._lock:
            id, until_s = self._tickets.pop(ticket, (None, 0.0))
            return id if until_s > self._clock() and self.holds(id) else None

    def _keep(self, until_s: dict[str, float]) -> None:
        """Notes the admissions. A disk that refuses must keep no instructor out who would clear it, nor one in."""
        self._until_s = until_s
        try:
            write_atomic(self._path, json.dumps(until_s).encode())
        except StoreError:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
