"""Opening a link: no exception and no effect, whatever it holds; and every link survives its own link.

Query strings go through the parser that the server uses, and then the way of the page: read, fitted, written again.
While they do, an audit hook counts what Python does with files, processes, code and the network.
"""

import os
import random
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

from streamlit.testing.v1 import AppTest

from tests.pages.fake_runs import AnsweringWorker, record_finished
from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding
from tl_core.datasets.catalog import DATASETS
from tl_core.engine import singleton
from tl_core.engine.service import Engine
from tl_core.models.catalog import backbones
from tl_core.paths import PROJECT
from tl_core.planning.fit import fitted
from tl_core.planning.lab_link import CONTROLS, DEPENDENT, LabLink
from tl_core.planning.plan import plan_run
from tl_core.spec import CHOICES, RANGES, RunSpec
from tl_core.store.sqlite.store import SqliteStore

N_QUERIES, N_TRIPS, N_PAGES = 100_000, 1_000, 48
APP = PROJECT / "app.py"
KEYS = (*(field.name for field in fields(RunSpec)), "v", "lock", "hide", "baseline", "freeze", "run", "lang")
HOSTILE = (
    *("", " ", "-1", "0", "1e999", "-inf", "nan", "abc", "0x10", "1_0", "١٢", "2.5", "None", "all", "true", "light"),
    *(str(10**9), "9" * 5000, "x" * 10_000, "os.system", "__import__", "eval(1)", "../../etc/passwd", "%2e%2e"),
    *("1 OR 1=1", "\x00", "<script>alert(1)</script>", "[x](javascript:alert(1))", "![](http://attacker/p.png)"),
    *(":material/star:", "$$x$$", "=1+1", "backbone,n_frozen", ",,,", "{'a': 1}", "[]", "😀", "模块", "\ud800", "\r\n"),
)


def prove(n: int | None) -> list[Finding]:
    """Opens links of every kind.

    Args:
        n: Query strings for the parser; None for as many as were promised.
    """
    n_queries = n or N_QUERIES
    n_trips, n_pages = min(n_queries, N_TRIPS), min(max(2, n_queries // 1000), N_PAGES)
    draw = random.Random(0)
    return [*_through_the_parser(draw, n_queries), *_round_trips(draw, n_trips), *_through_the_page(draw, n_pages)]


# ---- parser and fitting ----


def _through_the_parser(draw: random.Random, n: int) -> list[Finding]:
    fitted(LabLink.from_query({"v": "2"})[0])  # reads the catalogue, once in a process's life
    failures, unsettled = [], 0
    with effects() as touched:
        for _ in range(n):
            text = query_string(draw)
            try:
                query = parse_qs(text, keep_blank_values=True)
                query |= {draw.choice(KEYS): draw.choice((None, 3, b"x", [], {}))} if draw.random() < 0.1 else {}
                unsettled += not _is_settled(query)
            except Exception:  # anything at all is what is being looked for
                failures.append(f"{text[:200]!r}\n{traceback.format_exc()}")
    for failure in failures[:3]:
        print(failure, file=sys.stderr)
    return [
        _none("uncaught exceptions in query strings", len(failures), n),
        _none("of them that were not settled by one reading", unsettled, n),
        _none("files, processes, code or connections that they touched", len(touched), n),
    ]


def _is_settled(query: dict) -> bool:
    """Says whether a link, once read and fitted, is written as a link that says the same and needs no notice."""
    link, _ = fitted(LabLink.from_query(query)[0])
    again, notices = LabLink.from_query(link.to_query())
    return (again, notices) == (link, []) and fitted(link) == (link, []) and "threads" not in link.to_query()


def query_string(draw: random.Random) -> str:
    """Returns a random query string: known and unknown keys, right and hostile values, repeated and broken parts."""
    parts = []
    for _ in range(draw.randrange(1, 9)):
        key = draw.choice(KEYS) if draw.random() < 0.85 else _noise(draw)
        value = draw.choice((_right, _hostile, _noise))(draw, key)
        quoted = draw.choice((quote, lambda text, **_: text, lambda text, **_: quote(quote(text, errors="replace"))))
        parts.append(f"{key}={quoted(value, errors='replace')}")
    return draw.choice(("&", "&", "&", "&&", ";")).join(parts)


def _right(draw: random.Random, key: str) -> str:
    if key in RANGES:
        low, high = RANGES[key]
        return str(draw.choice((low, high, draw.randint(int(low), int(high)), draw.uniform(low, high))))
    if key in CHOICES:
        return draw.choice(CHOICES[key])
    if key in ("dataset", "backbone"):
        return draw.choice(list(DATASETS if key == "dataset" else backbones()))
    if key in ("lock", "hide"):
        return ",".join(draw.sample(CONTROLS, 3))
    return draw.choice(("0", "1", "2", "true", "false", "7", "en"))


def _hostile(draw: random.Random, key: str) -> str:
    return draw.choice(HOSTILE)


def _noise(draw: random.Random, key: str = "") -> str:
    return "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randrange(12)))


@dataclass
class _Watch:
    """What an audit hook has seen; hooks stay for the life of a process, so it is told when to look."""

    seen: list[str]
    is_on: bool = True

    def __call__(self, event: str, _: tuple) -> None:
        if self.is_on and event.split(".")[0] in ("open", "os", "socket", "subprocess", "shutil", "exec", "compile"):
            self.seen.append(event)


@contextmanager
def effects() -> Iterator[list[str]]:
    """Yields the list of what Python does meanwhile with files, processes, code and the network."""
    watch = _Watch([])
    sys.addaudithook(watch)
    try:
        yield watch.seen
    finally:
        watch.is_on = False


# ---- round trips ----


def _round_trips(draw: random.Random, n: int) -> list[Finding]:
    n_changed = n_refitted = n_noticed = 0
    for _ in range(n):
        link = random_lesson(draw)
        again, notices = LabLink.from_query(parse_qs(urlencode(link.to_query()), keep_blank_values=True))
        shown, _ = fitted(link)
        n_changed += again != link
        n_refitted += fitted(LabLink.from_query(shown.to_query())[0]) != (shown, [])
        n_noticed += bool(notices)
    return [
        _none("random valid lessons that their own link changed", n_changed, n),
        _none("of them that the lab shows otherwise when its own link is opened", n_refitted, n),
        _none("of them that were given a notice", n_noticed, n),
    ]


def random_lesson(draw: random.Random) -> LabLink:
    """Returns a link with valid settings of every kind, and locked, hidden and open ones."""
    values = {name: draw.choice(options) for name, options in CHOICES.items()}
    for name, (low, high) in RANGES.items():
        values[name] = draw.randint(low, high) if isinstance(low, int) else draw.uniform(low, high)
    values |= {"dataset": draw.choice(list(DATASETS)), "backbone": draw.choice(list(backbones()))}
    values |= {name: draw.choice((None, values[name])) for name in ("per_class", "threads")}
    values |= {name: draw.random() < 0.5 for name in ("use_cache", "nesterov")}
    locked, hidden = (draw.sample(CONTROLS, draw.randrange(len(CONTROLS))) for _ in range(2))
    left_open = draw.sample(DEPENDENT, draw.randrange(len(DEPENDENT)))
    return LabLink(RunSpec(**values), frozenset(locked), frozenset(hidden), draw.random() < 0.5, frozenset(left_open))


# ---- the whole page ----


def _through_the_page(draw: random.Random, n: int) -> list[Finding]:
    failed = silent = 0
    with _engine() as engine:
        before = _contents(engine)
        for _ in range(n):
            app = AppTest.from_file(APP, default_timeout=PATIENCE_S)
            app.query_params.update(_received(query_string(draw)))
            app.run()
            failed += bool(app.exception)
            silent += not any(title.value for title in app.title)
        changed = before != _contents(engine)
    return [
        _none("pages that such links break", failed, n),
        _none("pages without a title", silent, n),
        _none("changes of the store by opening them", int(changed), n),
    ]


def _received(text: str) -> dict[str, list[str]]:
    """Returns a query string as the server takes it from a browser: text that UTF-8 can write."""
    return parse_qs(text.encode("utf-8", "replace").decode(), keep_blank_values=True)


def _contents(engine: Engine) -> tuple:
    """Returns all that opening a link could have changed: the runs, the line, and the files of the runs."""
    files = sorted((str(path), path.stat().st_size) for path in engine.home.rglob("*") if "runs" in path.parts)
    return engine.store.list_runs(), engine.status().n_active + engine.status().n_waiting, files


@contextmanager
def _engine() -> Iterator[Engine]:
    """Yields an engine with a finished run in a folder of its own, in the place of the process's."""
    with tempfile.TemporaryDirectory() as folder, _environment(TL_HOME=folder, TL_WORKERS="1"):
        engine = Engine(SqliteStore(Path(folder)), Path(folder), AnsweringWorker)
        record_finished(engine.store, plan_run({}), 0.8, role="run", name="finished")
        singleton.replace(engine)
        try:
            yield engine
        finally:
            singleton.replace(None)
            engine.close()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _none(what: str, found: int, among: int) -> Finding:
    return Finding(what, f"{found} of {among:,}", "0", found == 0)
