"""A run's scores on other splits than test, kept beside its weights, so that they are computed once."""

import json
from contextlib import suppress
from pathlib import Path

from tl_core.disk.files import write_atomic

SPLITS = ("train", "validation", "test")
FILE = "split_scores.json"


def kept_scores(folder: Path, ended_at: str | None) -> dict[str, dict]:
    """Returns split → scores, of those that were computed of these very weights; nothing from a damaged file.

    Args:
        folder: The run's folder.
        ended_at: When the run ended; one that went on since has other weights.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if known["ended_at"] == ended_at:
            return {split: scores for split, scores in known["scores"].items() if split in SPLITS}
    return {}


def keep_scores(folder: Path, ended_at: str | None, split: str, scores: dict) -> None:
    """Keeps the scores of one split.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    known = kept_scores(folder, ended_at) | {split: scores}
    write_atomic(folder / FILE, json.dumps({"ended_at": ended_at, "scores": known}).encode())
