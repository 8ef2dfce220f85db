"""Where everything that lasts is kept: one folder, named by TL_HOME or by the platform's custom."""

import os
from pathlib import Path

from platformdirs import user_data_dir

from tl_core.disk.space import storage_errors


def data_home() -> Path:
    """Returns the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable" with path and reason, or "disk_full".
    """
    named = os.environ.get("TL_HOME", "").strip()
    home = Path(named).expanduser().absolute() if named else Path(user_data_dir("transfer-lab", appauthor=False))
    return ensure_folder(home)


def ensure_folder(folder: Path) -> Path:
    """Returns a folder inside the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable" with path and reason, or "disk_full".
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder
