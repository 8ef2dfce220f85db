"""Whether the system has ended processes of ours because memory ran out: what tells that from any other kill.

References:
    Linux, Documentation/admin-guide/cgroup-v2.rst, "memory.events"; cgroup-v1/memory.rst, "memory.oom_control".
"""

from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
WHOLE_SYSTEM = Path("/proc/vmstat")


def n_out_of_memory() -> int | None:
    """Returns how many processes were ended so far for want of memory; None where the system does not tell.

    Of our own control group where that counts them, else of the whole machine.
    """
    for file in [*_counters(), WHOLE_SYSTEM]:
        try:
            words = dict(line.rsplit(None, 1) for line in file.read_text().splitlines())
            return int(words["oom_kill"])
        except (OSError, ValueError, KeyError):
            continue
    return None


def _counters() -> list[Path]:
    """Returns where the count of our own control group stands, in the layouts of version 2 and 1."""
    try:
        rows = [line.split(":", 2) for line in OWN_GROUPS.read_text().splitlines()]
    except OSError:
        return []
    found = []
    for _, controllers, path in (row for row in rows if len(row) == 3):
        if not controllers:
            found.append(CGROUPS / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found.append(CGROUPS / "memory" / path.lstrip("/") / "memory.oom_control")
    return found
