"""A command under the brake is held to one core and older instructions, and its status is the brake's."""

import subprocess
import sys

import pytest
from patience import PATIENCE_S

from tl_core.paths import PROJECT

BRAKE = [sys.executable, "-m", "tests.brake"]


@pytest.mark.skipif(sys.platform != "linux", reason="holds a process to a core")
def test_a_command_has_one_core_and_older_instructions_and_its_status_is_handed_on():
    code = "import os, sys; print(len(os.sched_getaffinity(0)), os.environ['ONEDNN_MAX_CPU_ISA']); sys.exit(3)"
    command = [*BRAKE, sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_S)
    said, seen = done.stdout.splitlines()
    assert said.startswith("Under the brake equal work takes ×")
    assert (seen, done.stderr, done.returncode) == ("1 AVX2", "", 3)


def test_without_a_command_it_says_how_it_is_called():
    done = subprocess.run(BRAKE, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "make test" in done.stderr
