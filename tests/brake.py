"""`python -m tests.brake COMMAND …` runs a command as on a slow machine: one core, no AVX-512, other work beside it.

    .venv/bin/python -m tests.brake make test

Linux only. It says how much slower a little work has become, then runs the command and ends with its status.
"""

import os
import subprocess
import sys

NICE = 5  # as a worker: each of the two gets half of the core, and what is served before them three quarters of it
LITTLE_WORK = "from tests.patience import work_s; print(min(work_s() for _ in range(7)))"


def little_work_s(environment: dict[str, str]) -> float:
    """Returns the seconds that a little work takes a new process in this environment."""
    done = subprocess.run([sys.executable, "-c", LITTLE_WORK], env=environment, capture_output=True, check=True)
    return float(done.stdout)


def main(command: list[str]) -> int:
    """Runs a command under the brake; returns its exit status."""
    if not command or sys.platform != "linux":
        print(__doc__, file=sys.stderr)
        return 2
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    free_s = little_work_s(dict(os.environ))
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    beside = subprocess.Popen(["nice", "-n", str(NICE), sys.executable, "-c", "while True: pass"])
    try:
        braked_s = little_work_s(environment)
        print(f"One core: a little work takes ×{braked_s / free_s:.1f} as long.", flush=True)
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        beside.kill()
        beside.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
