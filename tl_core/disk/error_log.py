"""What went wrong that nobody foresaw: a log in the data folder, for anyone who looks after the server, never large."""

import hashlib
import os
import sys
import traceback
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

from tl_core.disk.home import data_home, ensure_folder
from tl_core.disk.locks import exclusive
from tl_core.errors import TransferLabError

FOLDER = "logs"
FILES = ("server.log", "server.log.1", "server.log.2")  # the present one first, each older than the one before
MAX_BYTES = 1_000_000  # of each
MAX_LETTERS = 20_000  # of one traceback: what exceptions say may be long


def log_error(fault: BaseException, where: str, hidden: Collection[str | None] = ()) -> str:
    """Writes an exception into the log: time, id, place, traceback. One that the file already has gets only a line.

    Where the data folder cannot be written, the entry goes to the standard error output.

    Args:
        fault: What nobody caught.
        where: On which page it happened.
        hidden: What must not stand in the log, no matter where it came from: keys and cookies.

    Returns:
        8 hexadecimal digits, the same for the same fault: what comes each second, or to thirty visitors, is one fault.

    Thread:
        Any; several processes may share the data folder.
    """
    details = indent(_cleaned("".join(traceback.format_exception(fault)), hidden), "    ", lambda line: True)
    id_ = hashlib.sha256(details.encode("utf-8", "replace")).hexdigest()[:8]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    head = f"{now} {id_} {_cleaned(where, hidden)!r} {type(fault).__name__}"
    try:
        _add(ensure_folder(data_home() / FOLDER), id_, head, details)
    except (OSError, TransferLabError) as refusal:
        print(f"{head}\n{details}\n    (not in the log: {refusal})", file=sys.stderr)
    return id_


def _cleaned(text: str, hidden: Collection[str | None]) -> str:
    """Returns a text of bearable length, without what must stay hidden or could move a terminal's cursor."""
    for secret in filter(None, hidden):
        text = text.replace(secret, "[hidden]")
    if len(text) > MAX_LETTERS:
        text = f"{text[: MAX_LETTERS // 2]}\n…\n{text[-MAX_LETTERS // 2 :]}"
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _add(folder: Path, id_: str, head: str, details: str) -> None:
    with exclusive(folder):
        written = b""
        with suppress(FileNotFoundError):
            written = (folder / FILES[0]).read_bytes()
        entry = head if f" {id_} ".encode() in written else f"{head}\n{details.rstrip()}"
        if len(written) + len(entry.encode("utf-8", "replace")) >= MAX_BYTES:
            _turn(folder)
            entry = f"{head}\n{details.rstrip()}"
        with open(folder / FILES[0], "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{entry}\n")


def _turn(folder: Path) -> None:
    """Begins a new file; the oldest is given up."""
    for older, newer in zip(FILES[:0:-1], FILES[-2::-1], strict=True):
        with suppress(FileNotFoundError):
            os.replace(folder / newer, folder / older)
