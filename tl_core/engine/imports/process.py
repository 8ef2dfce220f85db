"""The process that reads what people bring: its crash, its hunger for memory or its end costs one import, no server.

`python -m tl_core.engine.imports.process` reads one JSON line on standard input, the import, and writes JSON lines:

    {"say": "progress", "done", "total"}, several a second
    {"say": "done", "album": {…}}, {"say": "asked", "readings": […]} where it would have to guess how the files are to
    be understood, or {"say": "failed", "error": {"code", "values"}}, at the end

It ends when its input does, so that no import outlives its server; what it had begun is swept up at the next start.
"""

import json
import os
import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from tl_core.disk.home import data_home
from tl_core.engine.executors.priority import give_way
from tl_core.errors import TransferLabError, WorkerError
from tl_core.ingest.ingest import ingest
from tl_core.ingest.places import is_open, readings_for
from tl_core.ingest.question import question_of
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.server_folder import operators_folder
from tl_core.ingest.sources import open_source
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.records import Visibility, plain

PROGRESS_S = 0.1


def task_of(path: Path, request: ImportRequest, *, is_sent: bool) -> dict:
    """Returns an import as plain data, to be sent to this process."""
    return plain({"path": str(path), "is_sent": is_sent, "request": asdict(request)})


def album_of(data: dict) -> AlbumRecord:
    """Returns the record that was sent as plain data."""
    return AlbumRecord(**{**data, "visibility": Visibility(data["visibility"])})


def _request_of(data: dict) -> ImportRequest:
    into = data["into"] and album_of(data["into"])
    return ImportRequest(**data | {"visibility": Visibility(data["visibility"]), "into": into})


def run(task: dict) -> dict:
    """Does one import and says how far it is; or, where only a person can say what its folders mean, nothing of it.

    Returns:
        What is to be said at the end.

    Raises:
        TransferLabError: As `ingest` and `open_source`.
    """
    request, said_s = _request_of(task["request"]), 0.0
    path, is_sent = Path(task["path"]), task["is_sent"]
    with closing(open_source(path, request.source, is_sent=is_sent, links=operators_folder())) as source:
        readings = readings_for(source, request)
        if readings is not None and is_open(readings, request):
            return {"say": "asked", "readings": question_of(source, readings)}
        albums = Albums(data_home())  # knows of no runs: what it takes the place of, the server removes
        steps = ingest(albums, source, request, readings=readings)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                return {"say": "done", "album": plain(asdict(end.value))}
            if time.monotonic() - said_s > PROGRESS_S or done == total:
                said_s = time.monotonic()
                _say({"say": "progress", "done": done, "total": total})


def _say(message: dict) -> None:
    print(json.dumps(message), flush=True)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    give_way()
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()
    try:
        _say(run(task))
    except TransferLabError as error:
        _say({"say": "failed", "error": plain(error.to_dict())})
    except Exception as error:  # whatever it was must reach the page as a sentence
        reason = f"{type(error).__name__}: {error}"[:300]
        _say({"say": "failed", "error": WorkerError("request_failed", reason=reason).to_dict()})


if __name__ == "__main__":
    main()
