"""A path on the server that a visitor may name: only below the folder that the operator allows."""

import os
from pathlib import Path

from tl_core.errors import InputError
from tl_core.ingest.containers.kinds import is_called_table, opened_kind

MOST_OFFERED = 500
_DEPTH = 2  # folders below the operator's


def operators_folder() -> Path | None:
    """Returns the folder that the operator names for imports, in `TL_IMPORT_FOLDER`; None where none is named."""
    named = os.environ.get("TL_IMPORT_FOLDER", "").strip()
    return Path(named).expanduser() if named else None


def offered(root: Path) -> list[str]:
    """Returns what can be imported: folders, archives and what else holds pictures, at most two folders deep.

    They are named by their paths below the root.
    """
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [(inside / name).as_posix() for name in folders]
        found += [(inside / name).as_posix() for name in sorted(files) if opened_kind(name) or is_called_table(name)]
        if len(inside.parts) + 1 >= _DEPTH:
            folders.clear()
    return sorted(found)[:MOST_OFFERED]


def safe_join(root: Path, received: str) -> Path:
    """Returns the path that a visitor named, if it lies below the root, links followed.

    Raises:
        InputError: "import_outside" or "import_missing".
    """
    try:
        path, top = (root / received).resolve(), root.resolve()
        is_there = path.exists()
    except (OSError, ValueError) as error:
        raise InputError("import_missing", received=received[:200]) from error
    if top not in path.parents:
        raise InputError("import_outside", received=received[:200])
    if not is_there:
        raise InputError("import_missing", received=received[:200])
    return path
