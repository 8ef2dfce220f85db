"""How the server does, for programs that watch it: whether it is well, and in numbers that tell of nobody.

No name, owner, run or address is in either answer, so whoever reaches the server may read them.
"""

import time
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from pages.ui import services
from pages.ui.streamlit_internals import n_visits
from tl_core.disk.home import named_home
from tl_core.disk.space import folder_bytes
from tl_core.engine.service import VitalSigns
from tl_core.errors import TransferLabError
from tl_core.paths import PROJECT

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
FRESH = {"cache-control": "no-store"}
_STARTED_S = time.monotonic()  # this module is loaded when the server starts

Metric = tuple[str, str, Mapping[str, float]]  # name without what all begin with, what it is, labels → value


def serve_health(request: Request) -> JSONResponse:
    """Answers 200 where the store answers and a worker lives or starts, else 503 with the code of the reason."""
    _, trouble = _look()
    if trouble is None:
        return JSONResponse({"status": "ok"}, headers=FRESH)
    return JSONResponse({"status": "unwell", "reason": trouble}, 503, headers=FRESH)


def serve_metrics(request: Request) -> PlainTextResponse:
    """Answers with what can be measured now, in Prometheus' text format."""
    return PlainTextResponse("".join(_lines(*_look())), media_type=PROMETHEUS, headers=FRESH)


def _look() -> tuple[VitalSigns | None, str | None]:
    """Returns how the engine does, None where it cannot say; and the code of what is wrong, None where nothing is."""
    try:
        signs = services.engine().vital_signs()
    except TransferLabError as error:
        return None, error.code
    return signs, signs.trouble


@cache
def _version() -> str:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def _metrics(signs: VitalSigns | None, trouble: str | None) -> Iterator[Metric]:
    yield "info", "The version that runs.", {f'{{version="{_version()}"}}': 1}
    yield "healthy", "1 where /healthz answers 200.", {"": trouble is None}
    yield "uptime_seconds", "Since the server was started.", {"": round(time.monotonic() - _STARTED_S, 3)}
    yield "sessions", "Pages that are open.", {"": n_visits()}
    yield (
        "feature_cache_bytes",
        "Features and pixels kept on disk.",
        {"": folder_bytes(named_home() / "cache", "*.npy")},
    )
    if signs is not None:
        yield "workers", "Processes that train, or start.", {"": signs.n_workers}
        yield "runs_training", "Runs that a worker has.", {"": signs.n_training}
        yield "runs_waiting", "Runs in line.", {"": signs.n_waiting}
        states = {f'{{state="{state}"}}': n for state, n in signs.n_by_state.items()}
        yield "runs", "Runs on record, by state.", states


def _lines(signs: VitalSigns | None, trouble: str | None) -> Iterator[str]:
    for name, about, values in _metrics(signs, trouble):
        yield f"# HELP transfer_lab_{name} {about}\n# TYPE transfer_lab_{name} gauge\n"
        yield from (f"transfer_lab_{name}{labels} {value + 0}\n" for labels, value in values.items())
