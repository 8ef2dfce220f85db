"""A class brings its pictures at once: 30 visitors with a ZIP of 100 MB each, on a real server that keeps it in memory.

All have sent their file before the first of them has it taken in: the server can meet nothing worse. From then on each
looks at the own page, as a browser does, until it says what came of it; and nobody leaves before the memory is back.

A second class sends as much, presses nothing and leaves; and one visitor sends more than a visit may.
"""

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from pages.measures.served import served
from pages.measures.visitor import TAKEN, Visitor, visitor
from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding
from tl_core.engine.imports.waiting_files import LIMITS
from tl_core.store.albums import Albums
from tl_core.store.cookies import new_cookie, owner_of, server_secret

N_VISITORS, N_BYTES, TOO_MANY_BYTES = 30, 100_000_000, 250_000_000
N_PICTURES, SIDE_PX = 40, 96
GROWTH_BYTES, NEAR, BACK_S, P95_S = 4e9, 1.1, 300.0, 1.0
SAMPLE_S, LOOK_S, QUIET_S = 0.1, 1.0, 10.0
TOO_LARGE = 413
FIELD, BUTTON = "data-zip-0", "take-in"
N_FILES, ONE_BYTES = 12, 60_000_000  # from one tab
LEFT_GROWTH_BYTES, LEFT_BACK_S = 200e6, 90.0


@dataclass
class Seen:
    """What was seen of server and class.

    Attributes:
        empty: Memory of the server before the class came, bytes.
        before: When everybody had opened the page, and nobody had sent anything.
        peak: The most that it ever held.
        memory: (seconds, bytes), one sample after the other.
        pressed_s: When the last visitor had pressed the button.
        statuses: What the server answered to each file.
        too_large: What it answered to a file beyond the limit.
        said: What each visitor was told in the end.
        n_albums: How many data sets each visitor has then.
        left: What lies in the folder of uploads then.
        pages_s: What drawing the page took for somebody else meanwhile.
        gone_s: Seconds after which files that nobody took in were gone, counted from when the last visitor left.
        log: What the server wrote.
    """

    empty: int = 0
    before: int = 0
    peak: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)
    pressed_s: float = 0.0
    statuses: list[int] = field(default_factory=list)
    too_large: int = 0
    said: list[list[str]] = field(default_factory=list)
    n_albums: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    gone_s: float = 0.0
    log: str = ""

    @property
    def back_s(self) -> float:
        """Seconds after which the memory was back for good, counted from the last press; infinite if it never was."""
        above = [at for at, n_bytes in self.memory if n_bytes > self.before * NEAR]
        is_back = bool(self.memory) and self.memory[-1][1] <= self.before * NEAR
        return max(0.0, max(above, default=0.0) - self.pressed_s) if is_back else float("inf")


def prove(n: int | None) -> list[Finding]:
    """Has a class bring 100 MB each, and another one leave as much behind; `n` counts the visitors."""
    n = n or N_VISITORS
    return [*judged(brought(n, N_BYTES)), *judged_left(left_behind(n, N_BYTES), left_behind(1, ONE_BYTES, N_FILES))]


def brought(n_visitors: int, n_bytes: int) -> Seen:
    """Has so many visitors bring so many bytes each to a server of their own; returns what was seen."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home, seen = Path(folder), Seen()
        guest, *cookies = [new_cookie(server_secret(home)) for _ in range(n_visitors + 1)]
        with served(home) as (port, pid), ThreadPoolExecutor(1) as thread:  # where no browser's driver has a loop
            thread.submit(asyncio.run, _lesson(port, pid, guest, cookies, archive(n_bytes), seen)).result()
            seen.peak = memory_bytes(pid, "VmHWM")
        albums, secret = Albums(home), server_secret(home)
        seen.n_albums = [albums.n_albums(owner_of(cookie, secret)) for cookie in cookies]
        seen.left = [path.name for path in (home / "uploads").iterdir()]
        seen.log = (home / "server.log").read_text(errors="replace")
        return seen


def archive(n_bytes: int) -> bytes:
    """Returns a ZIP of so many bytes: small pictures of noise in two classes, each with filler behind its end."""
    noise, file = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as packer:
        for number in range(N_PICTURES):
            picture = io.BytesIO()
            pixels = noise.integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
            Image.fromarray(pixels).save(picture, "JPEG")
            name = f"{'left' if number % 2 else 'right'}/{number}.jpg"
            packer.writestr(name, picture.getvalue().ljust(n_bytes // N_PICTURES, b"\0"))
    return file.getvalue()


def memory_bytes(pid: int, kind: str = "VmRSS") -> int:
    """Returns what a process holds in memory now; with "VmHWM" the most that it ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) * 1024


def left_behind(n_visitors: int, n_bytes: int, n_files: int = 1) -> Seen:
    """Has visitors send so many files each, press nothing and leave; returns what was seen until everything is gone."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home, seen = Path(folder), Seen()
        cookies = [new_cookie(server_secret(home)) for _ in range(n_visitors + 1)]
        with served(home) as (port, pid), ThreadPoolExecutor(1) as thread:
            lesson = _left_lesson(port, pid, cookies, archive(n_bytes), n_files, home / "uploads", seen)
            thread.submit(asyncio.run, lesson).result()
        seen.left = [path.name for path in (home / "uploads").iterdir()]
        seen.log = (home / "server.log").read_text(errors="replace")
        return seen


async def _left_lesson(
    port: int, pid: int, cookies: list[str], data: bytes, n_files: int, folder: Path, seen: Seen
) -> None:
    """Has everybody send and leave while a guest looks on, and waits until disk and memory are free again."""
    guest, *students = [await visitor(port, page="data", cookie=cookie) for cookie in cookies]
    for one in (guest, *students):
        await one.open()
    await guest.upload(FIELD, "a little.zip", archive(N_PICTURES * 10_000))
    seen.before = memory_bytes(pid)
    async with _watching(pid, guest, seen):
        sent = await asyncio.gather(*(_send(one, data, n_files) for one in students))
        seen.statuses = [status for statuses in sent for status in statuses]
        seen.peak = max(n_bytes for _, n_bytes in seen.memory)
        for one in students:
            await one.close()
        seen.pressed_s = time.monotonic()
        while len(list(folder.iterdir())) > 1 and time.monotonic() < seen.pressed_s + BACK_S:  # the guest's stays
            await asyncio.sleep(LOOK_S)
        seen.gone_s = time.monotonic() - seen.pressed_s
        await _until_back(seen)
    await guest.close()


async def _send(one: Visitor, data: bytes, n_files: int) -> list[int]:
    return [await one.upload(FIELD, f"{number}.zip", data) for number in range(n_files)]


async def _lesson(port: int, pid: int, guest: str, cookies: list[str], data: bytes, seen: Seen) -> None:
    """Has somebody bring a little first, so that nothing is new to the server; then the class comes, and stays."""
    first = await visitor(port, page="data", cookie=guest)
    await first.open()
    seen.too_large = await first.upload(FIELD, "too large.zip", bytes(TOO_MANY_BYTES))
    await first.upload(FIELD, "a little.zip", archive(N_PICTURES * 10_000))
    await _take_in(first, 0)
    await _told(first, PATIENCE_S)
    await asyncio.sleep(LOOK_S)
    seen.empty = memory_bytes(pid)
    students = [await visitor(port, page="data", cookie=cookie) for cookie in cookies]
    for one in students:
        await one.open()
    seen.before = memory_bytes(pid)
    async with _watching(pid, first, seen):
        seen.statuses = await asyncio.gather(*(one.upload(FIELD, "ours.zip", data) for one in students))
        await asyncio.gather(*(_take_in(one, seed) for seed, one in enumerate(students)))
        seen.pressed_s = time.monotonic()
        seen.said = await asyncio.gather(*(_told(one, PATIENCE_S * len(students)) for one in students))
        await _until_back(seen)
    for one in (first, *students):
        await one.close()


@asynccontextmanager
async def _watching(pid: int, other: Visitor, seen: Seen) -> AsyncIterator[None]:
    """Notes the server's memory, and what somebody else waits for the page, until the block ends."""

    async def weigh() -> None:
        while True:
            seen.memory.append((time.monotonic(), memory_bytes(pid)))
            await asyncio.sleep(SAMPLE_S)

    async def visit() -> None:
        while True:
            seen.pages_s.append(await other.open())
            await asyncio.sleep(LOOK_S)

    tasks = [asyncio.create_task(weigh()), asyncio.create_task(visit())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def _take_in(one: Visitor, seed: int) -> None:
    """Presses the button; each visitor's pictures are split in another way, so that no two data sets are one."""
    one.said.clear()
    await one.press(BUTTON, {"new-seed": {"double_value": float(seed)}})


async def _told(one: Visitor, most_s: float) -> list[str]:
    """Asks for the fragments of a page as often as the page wants it, until it says what came; returns what it said."""
    end_s = time.monotonic() + most_s
    while not one.said and time.monotonic() < end_s:
        for fragment in list(one.polls):
            await asyncio.sleep(one.polls.get(fragment, LOOK_S))
            await one.ask(fragment)
        await asyncio.sleep(SAMPLE_S)
    return one.said


async def _until_back(seen: Seen) -> None:
    """Waits until the memory has been near what it was for a while, or until that has taken too long."""
    while (passed_s := time.monotonic() - seen.pressed_s) < max(BACK_S, QUIET_S):
        if passed_s > seen.back_s + QUIET_S:
            return
        await asyncio.sleep(LOOK_S)


def judged(seen: Seen) -> list[Finding]:
    """Returns what was seen beside what was promised."""
    n, grown = len(seen.statuses), seen.peak - seen.before
    n_taken = sum(n_albums > 0 for n_albums in seen.n_albums)
    n_refused = sum(n_albums == 0 and bool(said) for n_albums, said in zip(seen.n_albums, seen.said, strict=True))
    n_told = sum(map(bool, seen.said))
    after, p95_s = seen.memory[-1][1], sorted(seen.pages_s)[int(len(seen.pages_s) * 0.95)]
    n_errors = seen.log.count("Traceback")  # in whatever colours
    return [
        Finding(
            "files that the server has", f"{seen.statuses.count(TAKEN)} of {n}", "all", {*seen.statuses} == {TAKEN}
        ),
        Finding("taken in, refused with a sentence", f"{n_taken}, {n_refused}", f"{n}", n_taken + n_refused == n),
        Finding("visitors who were told what came of it", str(n_told), f"{n}", n_told == n),
        Finding("memory of the server without visitors", f"{seen.empty / 1e6:.0f} MB", "measured only", True),
        Finding("with all of them, before they sent anything", f"{seen.before / 1e6:.0f} MB", "measured only", True),
        Finding("its growth", f"{grown / 1e9:.2f} GB", "< 4 GB", grown < GROWTH_BYTES),
        Finding("memory in the end", f"{after / 1e6:.0f} MB", "+10 %", after <= seen.before * NEAR),
        Finding("back after the last press", f"{seen.back_s:.1f} s", "≤ 300 s", seen.back_s <= BACK_S, True),
        Finding("files left in the folder of uploads", str(len(seen.left)), "0", not seen.left),
        Finding("answer to a file of 250 MB", str(seen.too_large), "413", seen.too_large == TOO_LARGE),
        Finding("exceptions in the server's log", str(n_errors), "0", n_errors == 0),
        Finding(
            f"drawing the page for somebody else meanwhile, p95 of {len(seen.pages_s)}",
            f"{p95_s * 1000:.0f} ms, at most {max(seen.pages_s) * 1000:.0f} ms",
            "measured only",
            True,
        ),
    ]


def judged_left(everybody: Seen, one: Seen) -> list[Finding]:
    """Returns what was seen of files that nobody took in beside what was promised: 30 visitors' and one tab's."""
    findings, fit = [], LIMITS["visit"] // ONE_BYTES
    for who, seen in (("never taken in", everybody), ("from one tab", one)):
        grown, after = seen.peak - seen.before, seen.memory[-1][1]
        memory = f"{seen.before / 1e6:.0f}, {seen.peak / 1e6:.0f}, {after / 1e6:.0f} MB"
        findings += [
            Finding(f"{who}: memory before, at most, in the end", memory, "measured only", True),
            Finding(f"{who}: growth", f"{grown / 1e6:.0f} MB", "< 200 MB", grown < LEFT_GROWTH_BYTES),
            Finding(f"{who}: memory back to +10 %", f"{seen.back_s:.1f} s", "≤ 90 s", seen.back_s <= LEFT_BACK_S, True),
            Finding(f"{who}: files gone", f"{seen.gone_s:.1f} s", "≤ 90 s", seen.gone_s <= LEFT_BACK_S, True),
            Finding(f"{who}: files on disk in the end", str(len(seen.left)), "the guest's", len(seen.left) == 1),
            Finding(f"{who}: exceptions", str(seen.log.count("Traceback")), "0", "Traceback" not in seen.log),
        ]
    n_taken, n_refused = one.statuses.count(TAKEN), one.statuses.count(TOO_LARGE)
    all_taken = {*everybody.statuses} == {TAKEN}
    return [
        *findings,
        Finding("never taken in: files that the server has", str(len(everybody.statuses)), "all", all_taken),
        Finding("from one tab: taken, refused", f"{n_taken}, {n_refused}", f"{fit}, the rest", n_taken == fit),
    ]
