"""How one of our modules is started in a process of its own."""

import pytest
from patience import until

from tl_core.disk.error_log import FOLDER, MAX_BYTES
from tl_core.engine.environment import worker_environment
from tl_core.engine.executors.process import start_module

pytestmark = pytest.mark.processes


def end(home, **named) -> int:
    """Starts a module that there is not; returns the status that its process ended with."""
    process, *pipes = start_module("tl_core.none_of_ours", home, "worker.log", **named)
    status = process.wait()
    for pipe in pipes:
        pipe.close()
    return status


def test_what_a_process_says_at_its_end_stands_in_its_log(tmp_path):
    log = tmp_path / FOLDER / "worker.log"
    assert end(tmp_path) == 1
    until("the reason in the log", lambda: log.exists() and "none_of_ours" in log.read_text())


def test_a_log_that_is_full_makes_way_for_a_new_one(tmp_path):
    log = tmp_path / FOLDER / "worker.log"
    log.parent.mkdir()
    log.write_text("x" * MAX_BYTES)
    assert end(tmp_path) == 1
    until("the reason in a new log", lambda: log.exists() and "none_of_ours" in log.read_text())
    assert log.with_name("worker.log.1").stat().st_size == MAX_BYTES


def test_the_instructors_key_stays_with_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", "open sesame")
    monkeypatch.setenv("TL_CACHE_GB", "3")
    passed_on = worker_environment(tmp_path)
    assert "open sesame" not in passed_on.values()
    assert (passed_on["TL_CACHE_GB"], passed_on["TL_HOME"]) == ("3", str(tmp_path))
