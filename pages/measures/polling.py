"""(e) How long a page takes to answer while a run trains, for 1, 10 and 30 visitors, and what they cost the training.

`python -m pages.measures.polling` prints one JSON object. All visitors look at one run that trains all its blocks, and
ask for each fragment as often as the page told them to. With n visitors, the windows in which they ask and those in
which nobody does take turns.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pages.measures.progress import Epochs
from pages.measures.served import served
from pages.measures.visitor import Visitor, visitor
from tl_core.bench.memory import peak_bytes
from tl_core.store.cookies import new_cookie, server_secret

CHOICES = {  # all blocks train, little data so that epochs are short, no baseline beside it
    "w:epochs": {"int_value": 100},
    "w:baseline": {"bool_value": False},
    "w:freeze-mobilenet_v2": {"double_array_value": {"data": [0.0]}},
    "w:per_class-groceries": {"string_value": "5"},
}
FIRST_EPOCHS = 2  # the first one compiles
LIMIT_S = 300.0


async def measure(port: int, pid: int, home: Path, options: argparse.Namespace) -> dict:
    """Trains, visits, and returns what was measured."""
    cookie = new_cookie(server_secret(home))  # all tabs are those of one browser: the run is private
    first = await visitor(port, cookie=cookie)
    await first.open()
    await first.press("train", CHOICES)
    run_id = first.query["run"]
    await first.close()
    with Epochs(home, run_id) as epochs:
        await epochs.reach(FIRST_EPOCHS, LIMIT_S)
        windows: dict[int, list[dict]] = {count: [] for count in (0, *options.sessions)}
        for _ in range(options.repeat):
            for count in windows:
                windows[count].append(await _window(port, pid, run_id, cookie, count, options, epochs))
    rows = [_pooled(count, found) for count, found in windows.items()]
    return {
        "rows": rows,
        "server_peak_gb": peak_bytes(pid) / 1e9,
        "window_s": options.seconds,
        "repeat": options.repeat,
    }


async def _window(
    port: int, pid: int, run_id: str, cookie: str, count: int, options: argparse.Namespace, epochs: Epochs
) -> dict:
    """Has so many visitors open the page and poll for a while."""
    visitors = [await visitor(port, cookie=cookie, run=run_id) for _ in range(count)]
    for one in visitors:
        one.is_forgetful = options.whole
        await one.open()
    answers: list[float | None] = []
    began_s, busy_s = time.monotonic(), cpu_s(pid)
    if visitors:
        polled = (_poll(one, place / count, options.seconds, answers) for place, one in enumerate(visitors))
        await asyncio.gather(*polled)
    else:
        await asyncio.sleep(options.seconds)
    lasted_s = time.monotonic() - began_s
    for one in visitors:
        await one.close()
    facts = {"answers": answers, "cpu_s": cpu_s(pid) - busy_s, "lasted_s": lasted_s}
    return facts | {"epochs_s": epochs.between(began_s, began_s + lasted_s)}


async def _poll(one: Visitor, phase: float, seconds: float, answers: list[float | None]) -> None:
    """Asks for every fragment of a page as often as the page wants it."""
    end_s = time.monotonic() + seconds
    await asyncio.gather(*(_poll_fragment(one, fragment, phase, end_s, answers) for fragment in list(one.polls)))


async def _poll_fragment(one: Visitor, fragment: str, phase: float, end_s: float, answers: list[float | None]) -> None:
    """Asks at fixed times, as the timer of a browser does, also while an answer is still to come.

    Visitors do not come in step: the first question comes after `phase`, 0 to 1, of an interval.
    """

    async def ask() -> None:
        answers.append(await one.ask(fragment))

    asked, next_s = [], time.monotonic() - (1 - phase) * one.polls[fragment]
    while fragment in one.polls and (next_s := next_s + one.polls[fragment]) < end_s:
        await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        asked.append(asyncio.create_task(ask()))
    await asyncio.gather(*asked)


def cpu_s(pid: int) -> float:
    """Returns the seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pooled(count: int, windows: list[dict]) -> dict:
    """Returns what all windows with one number of visitors say together."""
    asked = [answer for window in windows for answer in window["answers"]]
    answers = sorted(answer for answer in asked if answer is not None)
    epochs_s = [seconds for window in windows for seconds in window["epochs_s"]]
    cpu_s = sum(window["cpu_s"] for window in windows)
    return {
        "sessions": count,
        "polls": len(asked),
        "dropped": len(asked) - len(answers),
        "p50_s": answers[len(answers) // 2] if answers else None,
        "p95_s": answers[int(len(answers) * 0.95)] if answers else None,
        "epoch_s": median(epochs_s) if epochs_s else None,
        "n_epochs": len(epochs_s),
        "server_cpu_per_poll_s": cpu_s / len(asked) if asked else None,
        "server_cpu_share": cpu_s / sum(window["lasted_s"] for window in windows),
    }


@contextmanager
def _home() -> Iterator[Path]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=lambda text: [int(part) for part in text.split(",")], default=[1, 10, 30])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--whole", action="store_true", help="visitors keep no message: each is sent whole")
    options = parser.parse_args()
    with _home() as home, served(home) as (port, pid):
        print(json.dumps(asyncio.run(measure(port, pid, home, options))))


if __name__ == "__main__":
    main()
