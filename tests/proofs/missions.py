"""A class in one mission, in the same minute: 30 browsers on a real server; each run is trained once, and shown to all.

Everybody has said what they expect, presses the button that starts the mission's runs, and looks on, as a browser does,
until all are over.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.measures.polling import cpu_s
from pages.measures.served import served
from pages.measures.visitor import Visitor, visitor
from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding, answers, known, p95
from tl_core.lessons.catalog import lessons
from tl_core.lessons.progress import Progress
from tl_core.store import access
from tl_core.store.cookies import new_cookie, owner_of, server_secret
from tl_core.store.records import RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

N_SESSIONS, P95_S = 30, 0.25
SPREAD_S = 30.0  # within half a minute all have pressed the button
MISSION = lessons().lessons["how-little"].mission
ANSWERS = {"bet": dict.fromkeys(MISSION.measures["curve"].runs, 0.5), "last": "noise"}
RACE = next(step for step in MISSION.steps if step.kind == "run")
BEFORE = tuple(step.id for step in MISSION.steps[: MISSION.steps.index(RACE)])


@dataclass
class Seen:
    """What was seen of the class: all runs at the end, what pages took, and what they cost the server."""

    runs: list[RunRecord] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    polls_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    n_kept: int = 0


def prove(n: int | None) -> list[Finding]:
    """Has a class do one mission at once; `n` counts the visitors."""
    n_sessions = n or N_SESSIONS
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        secret = server_secret(home)
        cookies = [new_cookie(secret) for _ in range(n_sessions)]
        with served(home) as (port, pid):
            seen = asyncio.run(_lesson(port, pid, home, cookies, secret))
    return _judged(seen, n_sessions)


async def _lesson(port: int, pid: int, home: Path, cookies: list[str], secret: bytes) -> Seen:
    seen = Seen()
    with SqliteStore(home) as store:
        owners = [owner_of(cookie, secret) or "" for cookie in cookies]
        for owner in owners:
            told = Progress(RACE.id, answers=ANSWERS, passed=BEFORE).to_dict()
            store.progress.change(MISSION.id, lambda _, told=told: told, by=access.Visitor(owner))
        students = [await visitor(port, page="learn", cookie=cookie, mission=MISSION.id) for cookie in cookies]
        for one in students:
            seen.pages_s += known(await one.open())
        began_s = cpu_s(pid)
        over = asyncio.Event()
        looks = [_do(one, SPREAD_S * at / len(students), over, seen) for at, one in enumerate(students)]
        await asyncio.gather(_until_over(store, len(cookies), over, seen), *looks)
        seen.cpu_s = cpu_s(pid) - began_s
        kept = (store.progress.mine(MISSION.id, by=access.Visitor(owner)) or {} for owner in owners)
        seen.n_kept = sum(len(one.get("runs", {})) for one in kept)
    for one in students:
        await one.close()
    return seen


async def _do(one: Visitor, delay_s: float, over: asyncio.Event, seen: Seen) -> None:
    """Starts the runs, then asks for every fragment of the page as often as it wants, until all runs are over."""
    await asyncio.sleep(delay_s)  # visitors do not come in step
    seen.starts_s += known(await one.press("start", {}))
    await asyncio.gather(*(_ask(one, fragment, over, seen) for fragment in list(one.polls)))


async def _ask(one: Visitor, fragment: str, over: asyncio.Event, seen: Seen) -> None:
    while not over.is_set() and fragment in one.polls:
        await asyncio.sleep(one.polls[fragment])
        seen.polls_s += known(await one.ask(fragment))


async def _until_over(store: SqliteStore, n_sessions: int, over: asyncio.Event, seen: Seen) -> None:
    try:
        async with asyncio.timeout(5 * PATIENCE_S):
            while not _is_over(seen, store.list_runs(), n_sessions):
                await asyncio.sleep(1.0)
    finally:
        over.set()


def _is_over(seen: Seen, runs: list[RunRecord], n_sessions: int) -> bool:
    seen.runs = runs
    return len(runs) == n_sessions * len(MISSION.runs) and all(run.state.is_finished for run in runs)


def _judged(seen: Seen, n_sessions: int) -> list[Finding]:
    n_wanted = n_sessions * len(MISSION.runs)
    n_completed = sum(run.state is RunState.COMPLETED for run in seen.runs)
    n_trained = sum(run.recorded_from is None for run in seen.runs)
    n_owners = len({run.owner for run in seen.runs})
    return [
        Finding("runs that completed", f"{n_completed} of {n_wanted}", "all", n_completed == n_wanted),
        Finding("owners", f"{n_owners}", f"{n_sessions}", n_owners == n_sessions),
        Finding("runs that visitors know as theirs", f"{seen.n_kept}", f"{n_wanted}", seen.n_kept == n_wanted),
        Finding("trainings", f"{n_trained}", f"{len(MISSION.runs)}", n_trained == len(MISSION.runs)),
        *answers(seen.polls_s, seen.cpu_s, P95_S),
        Finding("opening the mission, p95", f"{p95(seen.pages_s) * 1000:.0f} ms", "measured only", True),
        Finding("starting its runs, p95", f"{p95(seen.starts_s) * 1000:.0f} ms", "measured only", True),
    ]
