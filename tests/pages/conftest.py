"""Pages without a browser and without Keras: a worker that answers at once, and a store with runs of every kind."""

import gc
from collections.abc import Iterator
from functools import cache

import pytest
from fake_runs import AnsweringWorker, record_finished
from fake_sweeps import FakeSweeps
from patience import PATIENCE_S
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tl_core.datasets.catalog import dataset_info
from tl_core.engine import singleton
from tl_core.engine.service import Engine
from tl_core.paths import PROJECT
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.store.sqlite.store import SqliteStore

APP = PROJECT / "app.py"


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """Looks through the installed packages for components once: each `AppTest` is a server that has just started."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(autouse=True)
def little_to_collect() -> Iterator[None]:
    """Streamlit collects garbage after each run of a script: what other tests have loaded is left out."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def workers() -> list[AnsweringWorker]:
    """The workers of the test's engine, the main one first."""
    return []


@pytest.fixture
def engine(home, workers, monkeypatch):
    """An engine of the test's own with one worker, in the place of the process's."""

    def start_worker(*told, **more):
        workers.append(AnsweringWorker(*told, **more))
        return workers[-1]

    monkeypatch.setenv("TL_WORKERS", "1")
    made = Engine(SqliteStore(home), home, start_worker)
    singleton.replace(made)
    yield made
    singleton.replace(None)
    made.close()


@pytest.fixture
def sweeps(engine) -> Iterator[FakeSweeps]:
    """In the place of the engine's."""
    real, engine.sweeps = engine.sweeps, FakeSweeps()
    yield engine.sweeps
    engine.sweeps = real


@pytest.fixture
def pair(engine) -> tuple[str, str]:
    """A finished run (80 % right) and its baseline (30 % right)."""
    spec = plan_run({})
    run = record_finished(engine.store, spec, 0.8, role="run", name="**bold** <b>run</b>")
    baseline = record_finished(engine.store, baseline_of(spec), 0.3, role="baseline", name="baseline", twin_id=run)
    assert dataset_info(spec.dataset).classes[0] == "Anjou"
    return run, baseline


@pytest.fixture
def visit(engine):
    """Opens a page as the owner of the runs would, or as somebody else: visit("classify", "zh", run=…)."""

    def open_page(
        name: str = "lab", language: str = "en", owner: str | None = "local", is_instructor: bool = False, **query: str
    ) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=PATIENCE_S)
        if owner is not None:
            app.session_state["kept"] = {"owner": owner}
            if is_instructor:
                app.session_state["kept"]["admission"] = singleton.admissions().admit()
        app.query_params["lang"] = language
        for key, value in query.items():
            app.query_params[key] = value
        app._page_hash = calc_hash(name)  # as its own address opens it, without another page before
        return app.run()

    return open_page
