"""Where everything that lasts is kept: one folder, named by TL_HOME or by the platform's custom."""

import os
from pathlib import Path

from platformdirs import user_data_dir

from tl_core.errors import StoreError


def data_home() -> Path:
    """Returns the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable", with path and reason.
    """
    named = os.environ.get("TL_HOME", "").strip()
    home = Path(named).expanduser().absolute() if named else Path(user_data_dir("transfer-lab", appauthor=False))
    return made(home)


def made(folder: Path) -> Path:
    """Returns a folder inside the data folder, made if needed.

    Raises:
        StoreError: "home_not_writable", with path and reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(folder, error) from error
    return folder


def not_writable(path: Path, error: OSError) -> StoreError:
    """Returns the error for a folder that the operating system refuses to write."""
    return StoreError("home_not_writable", path=str(path), reason=error.strerror or type(error).__name__)
