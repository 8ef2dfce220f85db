"""Answers about finished runs, kept until they make room for others: a file each in a folder with a limit."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.evaluation.insight.parts import Part
from tl_core.store.records import RunRecord

LIMIT_BYTES = 256 * 2**20


def place(home: Path, part: Part, records: Sequence[RunRecord], parameters: Mapping[str, object]) -> Path:
    """Returns where an answer is kept: another run, other weights, parameters or code make another file.

    Raises:
        StoreError: "home_not_writable" or "disk_full".
    """
    asked = [[record.id, record.ended_at, record.best_epoch] for record in records]
    told = json.dumps([part.name, part.version, asked, parameters], sort_keys=True, default=str).encode()
    name = f"{records[0].id}-{part.name}-{hashlib.sha256(told).hexdigest()[:16]}.json"
    return ensure_folder(home / "cache" / "insights") / name


def keep(path: Path, answer: dict) -> None:
    """Keeps an answer, and makes room for it.

    Raises:
        StoreError: A refusal of the disk.
    """
    write_atomic(path, json.dumps(answer).encode())
    with suppress(OSError):  # one that just vanished: the next answer makes room
        files = sorted(path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            if total > LIMIT_BYTES and file != path:
                total -= file.stat().st_size
                file.unlink()


def kept(path: Path) -> dict | None:
    """Returns an answer that was kept, and notes that it was used; None where it is not there (any more)."""
    with suppress(OSError, ValueError):
        answer = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
        return answer
    return None


def forget_run(home: Path, run_id: str) -> None:
    """Removes the answers about a run."""
    for path in (home / "cache" / "insights").glob(f"{run_id}-*"):
        with suppress(OSError):
            path.unlink(missing_ok=True)
