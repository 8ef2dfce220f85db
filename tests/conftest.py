"""Set before anything imports Keras: every test's files go into a temporary folder, nothing is downloaded."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from patience import TEST_LIMIT_S
from xdist.scheduler.loadscope import LoadScopeScheduling

from tl_core.paths import PROJECT

# the same examples each time, however slow the machine; --hypothesis-profile=default looks for others
settings.load_profile("ci")

STAGES = ("beside", "processes", "pure")
WITH_KERAS = (
    "tests/models/",
    "tests/training/",
    "tests/engine/worker/",
    "tests/engine/executors/",
    "tests/bench/",
    "tests/export/",
    "tests/evaluation/explain/",
)
_SESSION = tempfile.TemporaryDirectory(prefix="transfer-lab-tests-")
os.environ.update(
    TL_HOME=str(Path(_SESSION.name) / "home"),
    KERAS_HOME=str(Path(_SESSION.name) / "keras"),
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",
    LANG="C.UTF-8",
)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(tensorflow|keras|google|flatbuffers)\b")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Puts back what `AppTest` leaves in the place of the main module: processes that are spawned begin with it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty data folder of the test's own."""
    monkeypatch.setenv("TL_HOME", str(tmp_path))
    return tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="also what is marked full: the same at full size, in full number"
    )
    parser.addoption(
        "--stage",
        choices=STAGES,
        help="only what starts no server or worker, only what does, or only what is quick and builds no network",
    )


@pytest.hookimpl(tryfirst=True)  # before the plugin that keeps the limit
def pytest_configure(config: pytest.Config) -> None:
    """A test ends when it hangs, and on a slow machine hanging looks like working for longer."""
    if config.getoption("timeout") is None:
        config.option.timeout = TEST_LIMIT_S


def is_pure(item: pytest.Item) -> bool:
    """Says whether a test is quick and builds no network: what `make check` runs."""
    is_quick = not item.get_closest_marker("slow") and not has_processes(item)
    return is_quick and not item.nodeid.startswith(WITH_KERAS)


def has_processes(item: pytest.Item) -> bool:
    """Says whether a test starts a server or a worker: both give way to a test that computes beside them."""
    return any(item.get_closest_marker(name) for name in ("browser", "processes"))


class SharedWork(LoadScopeScheduling):
    """Gives out tests one by one, but a file whole that makes something once for all its tests, such as a trained run
    or a Chromium. A process has one server for all its browser files.

    As `loadgroup` would do it, which does not see its own marks in pytest 9.2 (pytest-xdist 3.8).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith("tests/browser/") or makes_something_once(file) else nodeid


@cache
def makes_something_once(file: str) -> bool:
    return 'scope="module"' in (PROJECT / file).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    return SharedWork(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts tests in order and in groups, and leaves out what was not asked for.

    The quick ones come first, then the slow ones, and the browser last; where several processes share the work, the
    slow ones first, so that none of them waits for the last long one.
    """
    stage, is_full = config.getoption("stage"), config.getoption("full")
    left_out = [
        item
        for item in items
        if (stage in ("beside", "processes") and has_processes(item) != (stage == "processes"))
        or (stage == "pure" and not is_pure(item))
        or (item.get_closest_marker("full") and not is_full)
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    is_shared = hasattr(config, "workerinput")  # this is one of several processes
    items.sort(
        key=lambda item: (
            bool(item.get_closest_marker("browser")),
            bool(item.get_closest_marker("slow")) != is_shared,
        )
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A stage may be empty: whoever asks for one file has its tests in one of the two."""
    if session.config.getoption("stage") and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK
