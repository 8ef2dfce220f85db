"""A class that watches one experiment: 30 browsers on a real server look on while its trials are trained."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.measures.polling import cpu_s
from pages.measures.served import served
from pages.measures.visitor import Visitor, visitor
from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding, answers, known, p95
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Sweep
from tl_core.store import access
from tl_core.store.cookies import new_cookie, owner_of, server_secret
from tl_core.store.records import SweepState, Visibility
from tl_core.store.sqlite.store import SqliteStore

N_SESSIONS, P95_S = 30, 0.25
KIND = "depth"


@dataclass
class Seen:
    """What was seen: how the experiment ended, what pages took, and what they cost the server."""

    state: SweepState | None = None
    n_completed: int = 0
    pages_s: list[float] = field(default_factory=list)
    polls_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


def prove(n: int | None) -> list[Finding]:
    """Has a class watch; `n` counts the visitors."""
    n_sessions = n or N_SESSIONS
    preset = PRESETS[KIND]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        secret = server_secret(home)
        cookies = [new_cookie(secret) for _ in range(n_sessions)]
        teacher = access.Visitor(owner_of(cookies[0], secret) or "")
        sweep = preset.sweep({}, preset.n_seeds)
        with SqliteStore(home) as store:
            record = store.sweeps.create(sweep.to_dict(), name=KIND, owner=teacher.owner)
            store.sweeps.share(record.id, Visibility.CLASS, by=teacher)
            store.sweeps.finish(record.id, SweepState.STOPPED)
        with served(home) as (port, pid):
            seen = asyncio.run(_lesson(port, pid, home, cookies, record.id))
    return _judged(seen, sweep)


async def _lesson(port: int, pid: int, home: Path, cookies: list[str], sweep_id: str) -> Seen:
    seen, over = Seen(), asyncio.Event()
    class_ = [await visitor(port, page="experiments", cookie=cookie, sweep=sweep_id) for cookie in cookies]
    await class_[0].open()
    await class_[0].press("go_on", {})
    for one in class_:
        seen.pages_s += known(await one.open())
    began_s = cpu_s(pid)
    with SqliteStore(home) as store:
        looks = (_ask(one, fragment, over, seen) for one in class_ for fragment in list(one.polls))
        await asyncio.gather(_until_over(store, sweep_id, over, seen), *looks)
    seen.cpu_s = cpu_s(pid) - began_s
    for one in class_:
        await one.close()
    return seen


async def _ask(one: Visitor, fragment: str, over: asyncio.Event, seen: Seen) -> None:
    """Asks for a fragment of the page as often as it wants, until the experiment is over."""
    while not over.is_set() and fragment in one.polls:
        await asyncio.sleep(one.polls[fragment])
        seen.polls_s += known(await one.ask(fragment))


async def _until_over(store: SqliteStore, sweep_id: str, over: asyncio.Event, seen: Seen) -> None:
    try:
        async with asyncio.timeout(10 * PATIENCE_S):
            while store.sweeps.get(sweep_id).is_active:
                await asyncio.sleep(1.0)
    finally:
        over.set()
        seen.state = store.sweeps.get(sweep_id).state
        seen.n_completed = sum(trial.state.value == "completed" for trial in store.sweeps.trials(sweep_id))


def _judged(seen: Seen, sweep: Sweep) -> list[Finding]:
    is_whole = seen.state is SweepState.COMPLETED and seen.n_completed == sweep.n_trials
    return [
        Finding("trials that completed", f"{seen.n_completed} of {sweep.n_trials}", "all", is_whole),
        *answers(seen.polls_s, seen.cpu_s, P95_S),
        Finding("opening the page, p95", f"{p95(seen.pages_s) * 1000:.0f} ms", "measured only", True),
    ]
