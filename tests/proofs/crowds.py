"""A client without cookies on a real server: somebody new each time, for a minute. Then a classmate wants a run.

The runs are as short as they can be, so that the line moves; all come from one address but the classmate's.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.measures.served import served
from pages.measures.visitor import Visitor, visitor
from tests.patience import PATIENCE_S
from tests.proofs.classroom import SMALLEST
from tests.proofs.finding import Finding
from tl_core.store.cookies import new_cookie, owner_of, server_secret
from tl_core.store.limits import Limits
from tl_core.store.names import now
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

FLOOD_S, N_TABS, FLOOD = 60, 3, "10.0.0.1"
LOOK_S = 0.01


@dataclass
class Seen:
    """What was seen of a flood.

    Attributes:
        n_tries: How often the client pressed the button.
        said: What it was told.
        n_owners: As how many it is known.
        n_waiting: How many of its runs were in line at the end.
        n_ahead: How many of them began between the classmate's press and the begin of the classmate's run.
    """

    n_tries: int
    said: list[str]
    n_owners: int
    n_waiting: int
    n_ahead: int


def prove(n: int | None) -> list[Finding]:
    """Lets a client submit for `n` seconds; then a classmate from elsewhere, or one who shares its address."""
    os.environ["TL_PROXIES"] = "1"
    found = []
    for who, is_near in (("a classmate's first run", False), ("the next run of one at the same address", True)):
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            with served(home) as (port, _):
                found += _judged(flooded(home, port, _for_s(n or FLOOD_S), is_near=is_near), who)
    return found


def _for_s(seconds: float) -> Callable[[int], bool]:
    """Returns what says whether to go on; the time begins when it is first asked."""
    begun_s: list[float] = []

    def goes_on(_: int) -> bool:
        begun_s.append(time.monotonic())
        return begun_s[-1] - begun_s[0] < seconds

    return goes_on


def _judged(seen: Seen, who: str) -> list[Finding]:
    newcomers, line = Limits.new_address, Limits.waiting_address
    return [
        Finding("presses of a client without cookies", str(seen.n_tries), "measured only", True),
        Finding("newcomers it is known as", str(seen.n_owners), f"≤ {newcomers}", seen.n_owners <= newcomers),
        Finding("its runs in line", str(seen.n_waiting), f"≤ {line}", seen.n_waiting <= line),
        Finding(f"its runs that {who} waits for", str(seen.n_ahead), "≤ 1", seen.n_ahead <= 1),
    ]


def flooded(home: Path, port: int, goes_on: Callable[[int], bool], *, is_near: bool = False) -> Seen:
    """Has a client submit as long as a condition on the number of its presses holds, and then a classmate.

    Args:
        home: The server's data folder.
        port: The server's.
        goes_on: Number of presses so far → whether there is another.
        is_near: Whether the classmate shares the client's address; then they have trained a run before.
    """
    with ThreadPoolExecutor(1) as thread:  # where no browser's driver has a loop
        return thread.submit(asyncio.run, _flooded(home, port, goes_on, is_near)).result()


async def _flooded(home: Path, port: int, goes_on: Callable[[int], bool], is_near: bool) -> Seen:
    begun: dict[str, str] = {}
    watch = asyncio.create_task(_watch(home, begun))
    cookie = new_cookie(server_secret(home))
    owner, address = owner_of(cookie, server_secret(home)), FLOOD if is_near else "10.0.0.2"
    with SqliteStore(home) as store:
        if is_near:
            await train(port, address, cookie=cookie, seed="9999")
            await _until(lambda: store.list_runs(owner=owner)[0].state is RunState.COMPLETED)
        said = await flood(port, goes_on)
        others = [run for run in store.list_runs() if run.owner != owner]
        n_waiting = sum(run.state is RunState.QUEUED and run.id not in begun for run in others)
        await train(port, address, cookie=cookie)
        mine = store.list_runs(owner=owner)[0]
    await _until(lambda: mine.id in begun)
    watch.cancel()
    n_ahead = sum(mine.created_at < at < begun[mine.id] for at in begun.values())
    n_owners = len({run.owner for run in others})
    return Seen(len(said), [one for each in said for one in each], n_owners, n_waiting, n_ahead)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5 * PATIENCE_S):
        while not is_so():
            await asyncio.sleep(LOOK_S)


async def _watch(home: Path, begun: dict[str, str]) -> None:
    """Notes when each run begins: the engine makes a run's folder when it hands the run to a worker."""
    while True:
        with suppress(OSError):
            begun |= {path.name: now() for path in (home / "runs").iterdir() if path.name not in begun}
        await asyncio.sleep(LOOK_S)


async def flood(port: int, goes_on: Callable[[int], bool]) -> list[list[str]]:
    """Has a client without cookies press Train, somebody new each time; returns what each press was told."""
    said: list[list[str]] = []

    async def tab() -> None:
        while goes_on(len(said)):
            said.append(told := [])
            told += (await train(port, FLOOD, seed=str(len(said)))).said

    await asyncio.gather(*(tab() for _ in range(N_TABS)))
    return said


async def train(port: int, address: str, *, cookie: str | None = None, seed: str = "0") -> Visitor:
    """Opens the lab with a lesson's link, presses Train, and leaves."""
    one = await visitor(port, address=address, cookie=cookie, **SMALLEST, seed=seed)
    await one.open()
    await one.press("train", {})
    await one.close()
    return one
