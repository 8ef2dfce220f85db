"""What programs that watch the server are told: whether it is well, and numbers that tell of nobody."""

import json
import re
import tomllib

import pytest
from starlette.requests import Request

from pages.ui import monitoring
from pages.ui.monitoring import serve_health, serve_metrics
from tests.pages.fake_runs import record_finished
from tl_core.engine import singleton
from tl_core.errors import StoreError
from tl_core.paths import PROJECT
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState

SAMPLE = re.compile(r'(transfer_lab_[a-z_]+)(\{[a-z]+="[^"]+"\})? ([0-9.]+)')


def asked(path: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []})


def health() -> tuple[int, dict]:
    answer = serve_health(asked("/healthz"))
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, json.loads(answer.body)


def metrics() -> dict[str, float]:
    """Returns name with labels → value of each sample; every other line must say what a name is."""
    answer = serve_metrics(asked("/metrics"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, monitoring.PROMETHEUS)
    text = answer.body.decode()
    assert text.endswith("\n")
    found, told = {}, []
    for line in text.splitlines():
        if line.startswith("# "):
            told.append(line.split()[1:3])
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert told[-2:] == [["HELP", name], ["TYPE", name]]
            found[name.removeprefix("transfer_lab_") + (labels or "")] = float(value)
    return found


def test_a_server_whose_store_answers_and_whose_worker_lives_is_well(engine):
    assert health() == (200, {"status": "ok"})


@pytest.mark.parametrize("code", ["disk_full", "home_not_writable"])
def test_a_server_that_can_write_nothing_is_unwell_and_says_why_in_one_word(engine, monkeypatch, code):
    monkeypatch.setattr(engine.store, "trouble", lambda: StoreError(code, path="/secret/place", reason="x"))
    assert health() == (503, {"status": "unwell", "reason": code})
    assert metrics()["healthy"] == 0


def test_a_store_that_does_not_answer_is_told_and_what_else_is_known_too(engine, monkeypatch):
    def refuse():
        raise StoreError("store_busy", waited_s=5.0)

    monkeypatch.setattr(engine.store, "n_by_state", refuse)
    assert health() == (503, {"status": "unwell", "reason": "store_busy"})
    found = metrics()
    assert found["healthy"] == 0
    assert "sessions" in found
    assert "runs_waiting" not in found


def test_a_data_folder_that_another_server_has_is_told(home, monkeypatch):
    def refuse():
        raise StoreError("server_running", path=str(home), pid="7")

    monkeypatch.setattr(singleton, "ServerLock", lambda home: refuse())
    singleton.replace(None)
    assert health() == (503, {"status": "unwell", "reason": "server_running"})


def test_runs_workers_sessions_cache_and_version_are_told(engine, home):
    spec = plan_run({})
    record_finished(engine.store, spec, 0.8, role="run", name="a run")
    for seed in range(6):
        engine.runs.submit(spec.with_changes(seed=seed + 1), by=Visitor(f"o{seed}"), name="a run", is_afresh=True)
    (home / "cache").mkdir(exist_ok=True)
    (home / "cache" / "x.npy").write_bytes(bytes(1234))
    found = metrics()
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert found[f'info{{version="{version}"}}'] == found["healthy"] == found["workers"] == found["sessions"] == 1
    assert found["uptime_seconds"] >= 0
    assert found["feature_cache_bytes"] == 1234
    assert found['runs{state="completed"}'] == 1
    assert found["runs_training"] + found["runs_waiting"] == 6
    assert found["runs_waiting"] > 0
    assert {f'runs{{state="{state}"}}' for state in RunState} <= found.keys()


def test_no_name_owner_run_or_address_is_in_it(engine, home):
    run = engine.runs.submit(plan_run({}), by=Visitor("owner-of-it", address="192.0.2.7"), name="Anna's run")
    engine.store.name_owner("owner-of-it", "Anna", by=OPERATOR)
    told = serve_metrics(asked("/metrics")).body.decode() + json.dumps(health())
    for private in (run.id, run.id[:6], "owner-of-it", "Anna", "192.0.2.7", str(home), "groceries"):
        assert private not in told
