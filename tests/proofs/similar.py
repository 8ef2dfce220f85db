"""Fifty thousand pictures are told from their twins, however alike they are: what it takes, and that nothing is missed.

The tests count with fewer which comparisons are made.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.patience import PATIENCE_S
from tests.proofs.finding import Finding
from tl_core.datasets.own.looks import Looks
from tl_core.datasets.own.near_duplicates import near_duplicate_groups
from tl_core.paths import PROJECT

N_MANY = 50_000
MOST_S = {"different": 30.0, "one scene": 180.0, "one hash": 180.0}
MOST_MB = 400.0


def uniform(kind: str, n: int) -> tuple[list[str], Looks, list[str]]:
    """Returns n pictures for `near_duplicate_groups`: "different" ones, of "one scene", or with "one hash" for all."""
    chance = np.random.default_rng(0)
    small = chance.integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)
    hashes = chance.integers(0, 2**64, n, dtype=np.uint64)
    if kind == "one scene":
        noise = chance.integers(-2, 3, small.shape, dtype=np.int8)
        small = np.clip(small[:1].astype(np.int16) + noise, 0, 255).astype(np.uint8)
        hashes = hashes[0] ^ (np.uint64(1) << (hashes % np.uint64(64)))
    if kind == "one hash":
        hashes[:] = 77
    fine = np.repeat(np.repeat(small.mean(axis=3).astype(np.uint8), 2, axis=1), 2, axis=2)
    looks = Looks(hashes, small, fine, np.full(n, 224, np.int32))
    return [str(at) for at in range(n)], looks, ["a"] * n


def measured(kind: str, n: int) -> tuple[int, float, float]:
    """Returns how many groups there are, and the seconds and megabytes that finding them took; in this process."""
    looks = uniform(kind, n)
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of making them
    before_mb = _peak_mb()
    began_s = time.monotonic()
    found = near_duplicate_groups(*looks)
    return len(set(found.twins.tolist())), time.monotonic() - began_s, _peak_mb() - before_mb


def _peak_mb() -> float:
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1000


def prove(n: int | None = None) -> list[Finding]:
    """Looks for twins among n pictures of each kind, each kind in a process of its own."""
    return [finding for kind in MOST_S for finding in _judged(kind, n or N_MANY)]


def _judged(kind: str, n: int) -> list[Finding]:
    command = [sys.executable, "-m", "tests.proofs.similar", kind, str(n)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    n_groups, seconds, megabytes = (float(word) for word in done.stdout.split())
    n_wanted, most_s = 1 if kind == "one scene" else n, MOST_S[kind]
    return [
        Finding(f"{kind}: groups of {n:,} pictures", f"{n_groups:.0f}", f"{n_wanted}", n_groups == n_wanted),
        Finding(f"{kind}: time", f"{seconds:.1f} s", f"≤ {most_s:.0f} s", seconds <= most_s, is_speed=True),
        Finding(f"{kind}: memory", f"{megabytes:.0f} MB", f"≤ {MOST_MB:.0f} MB", megabytes <= MOST_MB),
    ]


if __name__ == "__main__":
    print(*measured(sys.argv[1], int(sys.argv[2])))
