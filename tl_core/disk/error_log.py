"""Logs in the data folder, for anyone who looks after the server, never large: what went wrong that nobody foresaw, and
what the processes beside the server say.
"""

import hashlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import IO

from tl_core.disk.home import data_home, ensure_folder
from tl_core.disk.locks import exclusive
from tl_core.errors import TransferLabError

FOLDER = "logs"
FILE = "server.log"
OLDER = ("", ".1", ".2")  # what follows the name of a log: the present one first, each older than the one before
MAX_BYTES = 1_000_000  # of each
MAX_LETTERS = 20_000  # of one traceback: what exceptions say may be long
_VISIT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # by what Streamlit calls a visit; nothing else is


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


def hide_visits() -> None:
    """Keeps the ids of visits out of all that this process logs: Streamlit says to which one a browser came back."""
    made = logging.getLogRecordFactory()

    def without_visits(*told, **more) -> logging.LogRecord:
        record = made(*told, **more)
        if isinstance(record.msg, str):
            record.msg = _without_visits(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_visits(arg) if isinstance(arg, str) else arg for arg in record.args)
        if record.exc_info:
            record.exc_text = _without_visits(logging.Formatter().formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(without_visits)


def _without_visits(text: str) -> str:
    return _VISIT.sub("[hidden]", text)


def log_note(text: str) -> None:
    """Writes one line into the log, and to the standard error output.

    Thread:
        Any; several processes may share the data folder.
    """
    print(text, file=sys.stderr)
    line = f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}\n"
    with suppress(OSError, TransferLabError):
        folder = ensure_folder(data_home() / FOLDER)
        with exclusive(folder):
            _append(folder, FILE, line.encode())


def keep_output(stream: IO, folder: Path, name: str) -> None:
    """Writes what a process says into a log of its own, until it ends. What the disk refuses is lost.

    Args:
        stream: The process's output; closed at its end.
        folder: Of the logs.
        name: Of the log.

    Thread:
        One for each stream; several may write into one log.
    """
    with stream:
        while part := os.read(stream.fileno(), MAX_BYTES):  # what is there, without waiting for more
            with suppress(OSError), exclusive(folder):
                _append(folder, name, part)


def _cleaned(text: str, hidden: Collection[str | None]) -> str:
    """Returns a text of bearable length, without what must stay hidden or could move a terminal's cursor."""
    text = _without_visits(text)
    for secret in filter(None, hidden):
        text = text.replace(secret, "[hidden]")
    if len(text) > MAX_LETTERS:
        text = f"{text[: MAX_LETTERS // 2]}\n…\n{text[-MAX_LETTERS // 2 :]}"
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _add(folder: Path, id_: str, head: str, details: str) -> None:
    with exclusive(folder):
        written = b""
        with suppress(FileNotFoundError):
            written = (folder / FILE).read_bytes()
        entry, whole = (f"{text}\n".encode("utf-8", "replace") for text in (head, f"{head}\n{details.rstrip()}"))
        is_known = f" {id_} ".encode() in written and len(written) + len(entry) < MAX_BYTES
        _append(folder, FILE, entry if is_known else whole)


def _append(folder: Path, name: str, data: bytes) -> None:
    """Adds to a log; to a new one where that would grow too large, and then the oldest is given up."""
    path = folder / name
    if path.exists() and path.stat().st_size + len(data) > MAX_BYTES:
        for older, newer in zip(OLDER[:0:-1], OLDER[-2::-1], strict=True):
            with suppress(FileNotFoundError):
                os.replace(folder / f"{name}{newer}", folder / f"{name}{older}")
    with open(path, "ab") as file:
        file.write(data)
