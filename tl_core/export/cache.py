"""Where files that were made for visitors are kept until they are not needed: a folder with a limit.

Names begin with the id of the run that a file was made of, and go on with a hash of all that it was told: what is
changed gets another file.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.export.formats import Exported, Format, Source

LIMIT_BYTES = 2 * 2**30
LEFTOVER_S = 3600  # then whoever made it is gone
MAKING = ".making-"


def exports_folder(home: Path) -> Path:
    """Returns the folder, made if needed.

    Raises:
        StoreError: "home_not_writable" or "disk_full".
    """
    return ensure_folder(home / "cache" / "exports")


@contextmanager
def making_folder(home: Path) -> Iterator[Path]:
    """A folder for what is needed on the way to a file; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=exports_folder(home)) as folder:
        yield Path(folder)


def place(source: Source, format: Format) -> Path:
    """Returns where the file of a run is kept, once it is made."""
    told = json.dumps(_deciding(source.to_dict()), sort_keys=True).encode()
    name = f"{source.record.id}-{format.name}-{hashlib.sha256(told).hexdigest()[:16]}{format.ending}"
    return exports_folder(source.home) / name


def _deciding(told: dict) -> dict:
    """Returns what a file depends on: who may see a run, and that it is kept, changes nothing in it."""
    records = [told["record"], *([told["twin"]["record"]] if told["twin"] else [])]
    for record in records:
        del record["visibility"], record["is_pinned"]
    return told


def keep(exported: Exported) -> None:
    """Writes down, beside a file, what came of its check, and makes room for it.

    Raises:
        StoreError: A refusal of the disk.
    """
    write_atomic(_about(exported.path), json.dumps(exported.to_dict()).encode())
    _evict(exported.path)


def kept(path: Path) -> Exported | None:
    """Returns what is known of a file that was made before; None where it is not there any more."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = Exported.from_dict(json.loads(_about(path).read_text(encoding="utf-8")))
        return found if path.is_file() else None
    return None


def content(path: Path) -> bytes | None:
    """Returns a file that was made before, and notes that it was used; None where it is not there any more."""
    with suppress(OSError):
        os.utime(path)
        return path.read_bytes()
    return None


def forget_run(home: Path, run_id: str) -> None:
    """Removes all files that were made of a run."""
    for path in (home / "cache" / "exports").glob(f"{run_id}-*"):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Removes what killed processes left behind."""
    for path in (home / "cache" / "exports").glob(".*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _about(path: Path) -> Path:
    return path.with_suffix(".json")


def _evict(newest: Path) -> None:
    """Removes the files that were not used for longest, until the folder is within its limit again."""
    files = [path for path in newest.parent.glob("[0-9a-f]*") if path.suffix != ".json"]
    with suppress(OSError):  # one that just vanished: the next file makes room
        files.sort(key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total > LIMIT_BYTES and path != newest:
                total -= path.stat().st_size
                path.unlink()
                _about(path).unlink(missing_ok=True)
