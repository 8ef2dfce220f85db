"""Where everything that lasts is kept: one folder, named by TL_HOME or by the platform's custom; its owner's alone."""

import os
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from platformdirs import user_data_dir

from tl_core.disk.space import storage_errors

OTHERS = 0o077
"""The rights of everybody but the owner: the umask of all processes that write into the data folder."""

_OURS = (
    *("cache", "class.json", "cookie.secret", "datasets", "keras", "locks", "logs", "runs", "server.lock", "uploads"),
    *("admissions.json", "links", "progress", "server.address", "sweeps"),
    *("runs.sqlite*", ".runs.sqlite.*", ".class.json.*", ".admissions.json.*", ".server.address.*"),
)
"""What this project puts into the data folder."""


def data_home() -> Path:
    """Returns the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable" with path and reason, or "disk_full".
    """
    return ensure_folder(named_home())


def named_home() -> Path:
    """Returns which folder is the data folder, whether it is there or not."""
    named = os.environ.get("TL_HOME", "").strip()
    return Path(named).expanduser().absolute() if named else Path(user_data_dir("transfer-lab", appauthor=False))


def ensure_folder(folder: Path) -> Path:
    """Returns a folder inside the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable" with path and reason, or "disk_full".
    """
    with storage_errors(folder):
        folder.mkdir(mode=0o777 & ~OTHERS, parents=True, exist_ok=True)
    return folder


def keep_private(home: Path) -> None:
    """Takes from the machine's other users what earlier versions left readable: folders become 700, files 600.

    What is not ours stays as it is, and so does the folder itself where such things lie in it: it may be anybody's.
    Windows keeps a user's folder from others by itself.

    Raises:
        StoreError: "home_not_writable": the folder cannot be looked into.
    """
    if os.name == "nt":
        return
    with storage_errors(home):
        entries = list(home.iterdir())
    ours = [entry for entry in entries if any(fnmatchcase(entry.name, pattern) for pattern in _OURS)]
    for path in ours if len(ours) < len(entries) else [home, *ours]:
        _close(path)
    for entry in ours:
        for folder, folders, files in os.walk(entry):
            for name in (*folders, *files):
                _close(os.path.join(folder, name))


def _close(path: Path | str) -> None:
    with suppress(OSError):  # gone meanwhile, or another user's, who looks after it
        mode = os.lstat(path).st_mode
        wanted = 0o700 if stat.S_ISDIR(mode) else 0o600
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != wanted:
            os.chmod(path, wanted)
