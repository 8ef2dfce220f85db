"""How many workers this machine can hold beside the main one, and whether there is memory for one more."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WORKER_BYTES = 1_500_000_000  # TensorFlow, a network that is trained in full, and its pictures
RUN_BYTES = 700_000_000  # one more run on a worker that has some
UNKNOWN_BYTES = 4_000_000_000  # what a machine is taken to have that does not say

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def free_bytes(meminfo: Path = MEMINFO, cgroup: Path = CGROUP) -> int:
    """Returns the memory that may still be taken, on the machine and within the limit of a container.

    Where the system does not say what is free, half of what is built in counts; where it says nothing, a little.
    """
    return min([_machine_bytes(meminfo), *_container_bytes(cgroup)])


def _machine_bytes(meminfo: Path) -> int:
    with suppress(OSError, ValueError, StopIteration):
        lines = meminfo.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return UNKNOWN_BYTES


def _container_bytes(cgroup: Path) -> list[int]:
    """Returns what a container's limit leaves, [] where there is no limit. Files that can be dropped do not count."""
    with suppress(OSError, ValueError, KeyError):
        limit = int((cgroup / "memory.max").read_text())  # "max" is no number: no limit
        used = int((cgroup / "memory.current").read_text())
        facts = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        return [max(0, limit - used + int(facts["inactive_file"]))]
    return []


def n_extra_workers(n_threads: int, free: Callable[[], int] = free_bytes) -> int:
    """Returns how many workers with one thread may stand beside the main one.

    One for each core, as many as fit into the memory; where the main worker has only one thread itself, it counts.
    `TL_WORKERS` overrides that: it counts all workers, and 1 means only the main one.

    Args:
        n_threads: Threads of the main worker.
        free: Says how much memory is free, before the main worker takes its share.
    """
    wanted = os.environ.get("TL_WORKERS")
    if wanted:
        return max(0, int(wanted) - 1)
    n_cores = os.cpu_count() or 1
    return max(0, min(n_cores if n_threads > 1 else n_cores - 1, free() // WORKER_BYTES - 1))


@dataclass(frozen=True)
class Capacity:
    """How much there is to compute with.

    Attributes:
        free: Says how many bytes of memory are free here.
        n_elsewhere: One-thread workers that other machines hold; with any, none stands here beside the main one.
    """

    free: Callable[[], int] = free_bytes
    n_elsewhere: int = 0

    def n_extra(self, n_threads: int) -> int:
        """Returns how many workers with one thread may stand beside the main one, which has so many."""
        return self.n_elsewhere or n_extra_workers(n_threads, self.free)

    def has_room(self, n_bytes: int, *, is_main: bool) -> bool:
        """Says whether there is memory for one more run, or worker, where the main worker is or where the others are.

        Other machines are trusted to hold what the operator has said.
        """
        return (self.n_elsewhere > 0 and not is_main) or self.free() >= n_bytes
