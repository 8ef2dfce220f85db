"""The instructor's key, and how often it may be guessed: slowly by each, seldom by all, and never at the cost of those
who were admitted before.

References:
    OWASP, "Slow Down Online Guessing Attacks with Device Cookies": why a browser that was admitted counts for itself.
"""

import hmac
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network

from tl_core.errors import StoreError

LEAST_LENGTH = 12
MOST_WRONG, WITHIN_S = 5, 60.0  # of all visitors who were never admitted
MOST_AGAIN = 3  # of these, for addresses that have given a wrong key before: the rest is for those that have not
DELAYS_S = (5.0, 15.0, 45.0, 60.0)  # after the first wrong key of somebody, the second, …
FORGOTTEN_S = 3600.0


def key_in_use() -> str:
    """Returns the key that was set when the server started; "" where there is none, or one that is too short."""
    key = _given_key()
    return key if len(key) >= LEAST_LENGTH else ""


def is_too_short() -> bool:
    """Says whether a key was set that is not used, because it could be guessed."""
    return 0 < len(_given_key()) < LEAST_LENGTH


def _given_key() -> str:
    return os.environ.get("TL_INSTRUCTOR_KEY", "")


def is_instructor_key(received: str) -> bool:
    """Says whether this is the instructor's key, in a time that does not depend on how much of it fits.

    Where no key was set at the start, none is right.
    """
    key = key_in_use()
    return bool(key) and hmac.compare_digest(received.encode("utf-8", "replace"), key.encode("utf-8", "replace"))


def client_address(peer: str | None, forwarded: Sequence[str]) -> str:
    """Returns the address that a visitor's guesses are counted under.

    Args:
        peer: The other end of the connection, None for this machine. The web server may already have put there what a
            program on this machine has forwarded.
        forwarded: The values of `X-Forwarded-For`, which anyone can write: they are believed as far as `TL_PROXIES`
            says how many proxies stand before this server. Where it says none, all who bring the header share one
            address.
    """
    said = os.environ.get("TL_PROXIES", "")
    n_proxies = int(said) if said.isdecimal() else 0
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    if hops and n_proxies == 0:
        return "forwarded"
    address = hops[-n_proxies] if 0 < n_proxies <= len(hops) else peer or "local"
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):  # a household has 2 ** 64 of them
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


class InstructorKey:
    """Tries keys, and has those wait who gave wrong ones: the right key is not tried then, or they could guess on.

    Wrong keys are counted for each address and for each browser, which wait longer after each one, and for all
    together: at most 5 a minute, of which 2 are only for addresses without an earlier wrong one, so that nobody who
    goes on guessing keeps a newcomer out. A browser that was admitted before waits for its own wrong keys only.

    Args:
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._in_all_s: deque[float] = deque(maxlen=MOST_WRONG)  # when the last ones were tried that count for all
        self._wrong: dict[tuple[str, str], tuple[int, float]] = {}  # who → how many wrong keys, and when the last one

    def check(self, received: str, *, address: str, browser: str, admission: str | None = None) -> bool:
        """Says whether this is the instructor's key.

        Args:
            received: What the visitor gave.
            address: From where, as `client_address` says it.
            browser: The browser's owner.
            admission: The admission that the browser had or has; None if it was never admitted.

        Raises:
            StoreError: "too_many_keys", with the seconds after which it may be tried.
        """
        who = [("admission", admission)] if admission else [("browser", browser), ("address", address)]
        with self._lock:
            now_s = self._clock()
            self._forget(now_s)
            left_s = max(self._wait_s(one, now_s) for one in who)
            if not admission:
                left_s = max(left_s, self._wait_in_all_s(address, now_s))
            if left_s > 0:
                raise StoreError("too_many_keys", seconds=max(1, round(left_s)))
            is_right = is_instructor_key(received)
            if is_right:
                self._wrong.pop(who[0], None)
                return True
            self._wrong |= {one: (self._wrong.get(one, (0, 0.0))[0] + 1, now_s) for one in who}
            if not admission:
                self._in_all_s.append(now_s)
            return False

    def _wait_s(self, one: tuple[str, str], now_s: float) -> float:
        n_wrong, last_s = self._wrong.get(one, (0, 0.0))
        return last_s + DELAYS_S[min(n_wrong, len(DELAYS_S)) - 1] - now_s if n_wrong else 0.0

    def _wait_in_all_s(self, address: str, now_s: float) -> float:
        most = MOST_AGAIN if ("address", address) in self._wrong else MOST_WRONG
        return self._in_all_s[-most] + WITHIN_S - now_s if len(self._in_all_s) >= most else 0.0

    def _forget(self, now_s: float) -> None:
        self._wrong = {one: wrong for one, wrong in self._wrong.items() if now_s - wrong[1] < FORGOTTEN_S}
