"""A class on a real server: 30 browsers with 30 keys, all of whom train; and a stranger who guesses.

All runs are held until everybody has asked for theirs, the first visitor for 20 more before the others came. Then they
are let go, and each visitor looks at the own run until all are over, as a browser does.
"""

import asyncio
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.measures.polling import cpu_s
from pages.measures.served import served
from pages.measures.visitor import Visitor, visitor
from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding, answers, p95
from tl_core.errors import UnknownIdError
from tl_core.store import access
from tl_core.store.cookies import new_cookie, server_secret
from tl_core.store.names import new_id
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

N_SESSIONS, N_MORE, N_GUESSES = 30, 20, 10_000
P95_S, LOOK_S = 0.25, 0.02
KEY = "the key of this proof"
# 70 pictures, features that are computed once for all, a head: a second or two of training for each run
SMALLEST = {"v": "2", "backbone": "squeezenet", "image_size": "64", "per_class": "5", "epochs": "20", "baseline": "0"}


@dataclass
class Seen:
    """What was seen of the class: all runs at the end, the order in which they began, what looking took and cost."""

    states: dict[str, RunState] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    polls_s: list[float] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


def prove(n: int | None) -> list[Finding]:
    """Lets a class train on a real server, and a stranger guess; `n` counts the visitors, and scales the guesses."""
    n_sessions = n or N_SESSIONS
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, instructor_key():
        home = Path(folder)
        secret = server_secret(home)
        with served(home) as (port, pid):
            seen = asyncio.run(_lesson(port, pid, home, [new_cookie(secret) for _ in range(n_sessions)]))
    return [*_judged(seen, n_sessions), guessed(N_GUESSES * n_sessions // N_SESSIONS)]


@contextmanager
def instructor_key() -> Iterator[None]:
    """Sets the key that the server is started with."""
    os.environ["TL_INSTRUCTOR_KEY"] = KEY
    try:
        yield
    finally:
        del os.environ["TL_INSTRUCTOR_KEY"]


async def _lesson(port: int, pid: int, home: Path, cookies: list[str]) -> Seen:
    """Has the instructor hold all runs, everybody ask for theirs, and all look on until the last one is over."""
    seen = Seen()
    desk = await _instructor(port)
    await desk.press("hold", {})
    for seed in range(N_MORE):
        await (await _student(port, cookies[0], seed, seen)).close()
    students = [await _student(port, cookie, N_MORE + place, seen) for place, cookie in enumerate(cookies)]
    with SqliteStore(home) as store, _watching(home, seen):
        await desk.press("hold", {})
        over, busy_s = asyncio.Event(), cpu_s(pid)
        looks = [_look_on(one, place / len(students), over, seen) for place, one in enumerate(students)]
        await asyncio.gather(_until_over(store, over, seen), *looks)
        seen.cpu_s = cpu_s(pid) - busy_s
    for one in (desk, *students):
        await one.close()
    return seen


async def _instructor(port: int) -> Visitor:
    desk = await visitor(port, page="classroom")
    await desk.open()
    await desk.press("instructor-enter", {"instructor-key": {"string_value": KEY}})
    return desk


async def _student(port: int, cookie: str, seed: int, seen: Seen) -> Visitor:
    """Opens the lab with a lesson's link, and presses Train."""
    one = await visitor(port, cookie=cookie, seed=str(seed), **SMALLEST)
    seen.pages_s.append(await one.open())
    await one.press("train", {})
    return one


@contextmanager
def _watching(home: Path, seen: Seen) -> Iterator[None]:
    """Notes in which order runs begin: the engine makes a run's folder when it hands the run to a worker."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            with suppress(OSError):
                folders = sorted((home / "runs").iterdir(), key=lambda path: path.stat().st_ctime_ns)
                seen.begun += [path.name for path in folders if path.name not in seen.begun]

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def _look_on(one: Visitor, delay_s: float, over: asyncio.Event, seen: Seen) -> None:
    """Asks for every fragment of a page as often as the page wants it, until the lesson is over."""
    await asyncio.sleep(delay_s)  # visitors do not come in step
    await asyncio.gather(*(_ask(one, fragment, over, seen) for fragment in list(one.polls)))


async def _ask(one: Visitor, fragment: str, over: asyncio.Event, seen: Seen) -> None:
    while not over.is_set() and fragment in one.polls:
        await asyncio.sleep(one.polls[fragment])
        answer_s = await one.ask(fragment)
        seen.polls_s += [] if answer_s is None else [answer_s]


async def _until_over(store: SqliteStore, over: asyncio.Event, seen: Seen) -> None:
    try:
        async with asyncio.timeout(5 * PATIENCE_S):
            while not all(record.state.is_finished for record in store.list_runs()):
                await asyncio.sleep(1.0)
    finally:
        over.set()
        seen.states = {record.id: record.state for record in store.list_runs()}
        seen.owners = {record.id: record.owner for record in store.list_runs()}


def _judged(seen: Seen, n_sessions: int) -> list[Finding]:
    n_wanted = n_sessions + N_MORE
    n_completed = sum(state is RunState.COMPLETED for state in seen.states.values())
    early = jumped([seen.owners[run_id] for run_id in seen.begun if run_id in seen.owners])
    return [
        Finding("runs that completed", f"{n_completed} of {n_wanted}", "all", n_completed == n_wanted),
        Finding(
            "owners", str(len(set(seen.owners.values()))), f"{n_sessions}", len(set(seen.owners.values())) == n_sessions
        ),
        Finding("runs whose begin was seen", str(len(seen.begun)), f"{n_wanted}", len(seen.begun) == n_wanted),
        Finding("second runs that began before another's first", str(early), "0", early == 0),
        *answers(seen.polls_s, seen.cpu_s, P95_S),
        Finding("opening the lab, p95", f"{p95(seen.pages_s) * 1000:.0f} ms", "measured only", True),
    ]


def jumped(owners: list[str]) -> int:
    """Returns how many runs began before somebody's first although their owner had begun one already.

    Args:
        owners: Whose run began, first to last; all of them were in line before the first began.
    """
    n_early, begun, all_of_them = 0, set(), set(owners)
    for owner in owners:
        n_early += owner in begun and begun != all_of_them
        begun.add(owner)
    return n_early


def guessed(n_guesses: int) -> Finding:
    """Has a stranger ask a store with 300 private runs for random ids, and for beginnings of the true ones."""
    stranger, chance = access.Visitor("stranger"), random.Random(4)
    with TemporaryDirectory() as folder, SqliteStore(Path(folder)) as store:
        about = {"role": "run", "name": "secret", "environment": {}}
        ids = [store.create_run({}, owner=f"owner {number % 30}", **about).id for number in range(300)]
        guesses = [new_id() for _ in range(n_guesses // 2)]
        guesses += [chance.choice(ids)[: chance.randint(1, 31)] for _ in range(n_guesses - len(guesses))]
        n_found = sum(_is_found(store, guess, stranger) for guess in guesses)
    return Finding(f"runs found by {n_guesses:,} guesses", str(n_found), "0", n_found == 0)


def _is_found(store: SqliteStore, guess: str, by: access.Visitor) -> bool:
    try:
        store.find(guess, by=by)
    except UnknownIdError:
        return False
    return True
