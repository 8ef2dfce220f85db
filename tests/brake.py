"""`python -m tests.brake COMMAND …` runs a command as on a slow machine: one core, no AVX-512, other work beside it.

    .venv/bin/python -m tests.brake make test

Linux only. It says how much longer equal work takes then, runs the command, and ends with its status.
"""

import os
import subprocess
import sys
import time

# a loop that never rests has held a core for minutes, against all else there: this one pauses for a moment
BESIDE = """
import time
while True:
    end_s = time.perf_counter() + 0.02
    while time.perf_counter() < end_s:
        pass
    time.sleep(0.0005)
"""
WORK = "from tests.patience import work_s; [work_s() for _ in range(200)]"


def work_s(n_processes: int) -> float:
    """Returns the seconds in which so many new processes do equal work at the same time."""
    start_s = time.perf_counter()
    working = [subprocess.Popen([sys.executable, "-c", WORK]) for _ in range(n_processes)]
    for process in working:
        process.wait()
    return time.perf_counter() - start_s


def main(command: list[str]) -> int:
    """Runs a command under the brake; returns its exit status."""
    if not command or sys.platform != "linux":
        print(__doc__, file=sys.stderr)
        return 2
    cores = os.sched_getaffinity(0)
    free_s = work_s(len(cores))
    os.sched_setaffinity(0, {max(cores)})
    beside = subprocess.Popen([sys.executable, "-c", BESIDE])
    try:
        print(f"Under the brake equal work takes ×{work_s(len(cores)) / free_s:.1f} as long.", flush=True)
        return subprocess.run(command, env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}, check=False).returncode
    finally:
        beside.kill()
        beside.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
