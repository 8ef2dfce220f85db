"""`python -m tl_core backup` and `restore`: the data folder as one file, and back."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tl_core.commands.output import DONE, Output
from tl_core.disk.home import named_home
from tl_core.disk.space import storage_errors
from tl_core.errors import InputError
from tl_core.store.sqlite.backup import Backup, back_up
from tl_core.store.sqlite.restore import restore

STREAM = "-"


def add_backup_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `backup`."""
    parser.add_argument("-o", dest="target", metavar="FILE", required=True, type=Path)


def add_restore_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `restore`."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--home", metavar="FOLDER", type=Path)


def write_backup(options: argparse.Namespace, output: Output) -> int:
    """Writes a backup of the data folder, also while a server works there; `-o -` writes it to standard output."""
    home = named_home()
    if str(options.target) == STREAM:
        with storage_errors(home), TemporaryDirectory(prefix=".backup-", dir=home if home.is_dir() else None) as folder:
            made = back_up(home, Path(folder) / "backup.tar")
            with open(made.path, "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()
        return DONE
    made = _made(home, _free(options.target.absolute()), output)
    counts = {"runs": made.n_runs, "datasets": made.n_albums}
    if output.is_json:
        output.value({"path": str(made.path), "bytes": made.n_bytes, **counts})
    else:
        print(output.phrase("command.backed_up", path=made.path, megabytes=made.n_bytes / 1e6, **counts))
    return DONE


def _free(target: Path) -> Path:
    """Returns the path of a file that can be written.

    Raises:
        InputError: "export_exists" or "export_target".
    """
    if os.path.lexists(target):
        raise InputError("export_exists", path=str(target))
    if not target.parent.is_dir():
        raise InputError("export_target", path=str(target), reason=os.strerror(2))
    return target


def _made(home: Path, target: Path, output: Output) -> Backup:
    with output.writing(target):
        return back_up(home, target, _progress(output, "command.backup_progress"))


def restore_backup(options: argparse.Namespace, output: Output) -> int:
    """Makes a data folder of a backup, where nothing is yet; `-` reads it from standard input."""
    home = (options.home or named_home()).expanduser().absolute()
    file = sys.stdin.buffer if str(options.file) == STREAM else options.file.absolute()
    try:
        made = restore(file, home, _progress(output, "command.restore_progress"))
    finally:
        output.clear_progress()
    counts = {"runs": made.n_runs, "interrupted": made.n_interrupted, "datasets": made.n_albums}
    if output.is_json:
        output.value({"home": str(made.home), **counts})
    else:
        print(output.phrase("command.restored", home=made.home, **counts))
    return DONE


def _progress(output: Output, key: str) -> Callable[[int, int], None]:
    return lambda done, total: output.progress(output.phrase(key), min(1.0, done / max(1, total)))
