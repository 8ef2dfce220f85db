"""Processes that compute leave the processor to the server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tl_core.engine.executors import priority
from tl_core.engine.executors.priority import NICE, give_way
from tl_core.paths import PROJECT

SAID = """
import os
from tl_core.engine.executors.priority import give_way
before = os.getpriority(os.PRIO_PROCESS, 0)
give_way()
print(os.getpriority(os.PRIO_PROCESS, 0) - before)
print(open("/proc/self/autogroup").read())
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions are not weighed here")
def test_a_process_and_its_session_give_way():
    command = [sys.executable, "-c", SAID]
    process = {"cwd": PROJECT, "capture_output": True, "text": True, "check": True, "start_new_session": True}
    nice, session = subprocess.run(command, **process).stdout.split("\n")[:2]
    assert int(nice) == NICE
    assert session.endswith(f"nice {NICE}")


class Refusing:
    """Where the niceness of a session is written; refuses some times."""

    def __init__(self, *errors: OSError) -> None:
        self.errors, self.written = list(errors), []

    def write_text(self, text: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.written.append(text)


@pytest.mark.parametrize(
    ("errors", "written"),
    [
        ([BlockingIOError(), BlockingIOError()], [str(NICE)]),  # others have written just before
        ([FileNotFoundError()], []),
        ([BlockingIOError()] * 9, []),
    ],
)
def test_what_the_system_refuses_for_a_moment_is_tried_again_and_what_it_lacks_is_done_without(
    monkeypatch, errors, written
):
    place = Refusing(*errors)
    monkeypatch.setattr(priority, "AUTOGROUP", place)
    monkeypatch.setattr(priority, "TRY_S", 0.0)
    monkeypatch.setattr(priority.os, "nice", lambda by: by)
    give_way()
    assert place.written == written
