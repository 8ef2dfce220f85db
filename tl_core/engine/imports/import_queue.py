"""Imports on their way: one at a time, each in a process of its own, in the order in which they came."""

import json
import secrets
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from tl_core.engine.executors.contract import tell
from tl_core.engine.executors.process import start_module
from tl_core.engine.imports import uploads
from tl_core.engine.imports.import_snapshot import ImportSnapshot, ImportState
from tl_core.engine.imports.process import album_of, task_of
from tl_core.engine.imports.waiting_files import LIMITS
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError, WorkerError
from tl_core.ingest.request import ImportRequest
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums

KEPT = 200  # finished imports that can still be asked for
PATIENCE_S = 1.0  # for a process that was killed to be gone
MOST_WAITING = 3  # imports that one owner may have under way, in line and to be answered
EXPIRES_S = 1800.0  # a question that its owner has not looked at for so long is nobody's any more


@dataclass
class _Import:
    """One import with what its process needs."""

    seen: ImportSnapshot
    path: Path
    request: ImportRequest
    is_sent: bool
    began_s: float = 0.0
    process: subprocess.Popen | None = None
    is_cancelled: bool = False
    n_bytes: int = 0  # of what was sent, while it waits for an answer
    timer: threading.Timer | None = None  # that ends it if nobody answers
    outcome: ImportSnapshot | None = None  # what its process said last; it holds once that has ended
    is_over: threading.Event = field(default_factory=threading.Event)


class ImportQueue:
    """Takes imports, has them done, and tells their owners how far they are.

    Args:
        home: The data folder.
        albums: Where the albums are.
        bytes_left: Owner → what an import may still take; asked again when one begins, as others came before it.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(
        self,
        home: Path,
        albums: Albums,
        bytes_left: Callable[[str], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home, self._albums, self._bytes_left, self._clock = home, albums, bytes_left, clock
        self._lock = threading.RLock()
        self._all: OrderedDict[str, _Import] = OrderedDict()
        self._seen_s: dict[str, float] = {}  # when an owner of questions has looked last
        self._is_closed = False

    def submit(self, path: Path, request: ImportRequest, *, is_sent: bool = False) -> str:
        """Queues an import.

        Args:
            path: An archive or a folder; with `is_sent` it is removed when the import has ended.
            request: What is wanted, and for whom.
            is_sent: Whether a browser sent it.

        Returns:
            The import's id.

        Raises:
            StoreError: "too_many_imports"; "visit_uploads": with the files of questions that wait for an answer, it
                would be more than one may have waiting.
        """
        with self._lock:
            mine = [one for one in self._all.values() if one.seen.owner == request.owner]
            n_open = sum(not one.seen.state.is_finished for one in mine)
            if n_open >= MOST_WAITING:
                raise StoreError("too_many_imports", found=n_open, allowed=MOST_WAITING)
            n_kept = sum(one.n_bytes for one in mine if one.seen.state is ImportState.ASKING)
            if is_sent and n_kept and n_kept + uploads.size_of(path) > LIMITS["visit"]:
                raise StoreError("visit_uploads", allowed_mb=LIMITS["visit"] // 1_000_000)
            id = secrets.token_hex(16)
            self._all[id] = _Import(ImportSnapshot(id, request.owner, request.name), path, request, is_sent)
            self._forget_old()
            self._begin_next()
            return id

    def mine(self, *, by: Visitor) -> list[ImportSnapshot]:
        """Returns the imports of a visitor, the latest first: those under way, and those that have ended lately."""
        with self._lock:
            self._seen_s[by.owner] = self._clock()
            return [one.seen for one in reversed(self._all.values()) if one.seen.owner == by.owner]

    def look(self, id: str, *, by: Visitor) -> ImportSnapshot:
        """Returns an import as it is now, to its owner and the instructor.

        Raises:
            UnknownIdError: "unknown_import", also for another's.
        """
        with self._lock:
            found = self._all.get(id)
            if found is None or not (by.is_instructor or found.seen.owner == by.owner):
                raise UnknownIdError("unknown_import", received=str(id)[:40])
            return found.seen

    def answer(self, id: str, layout: int, *, by: Visitor) -> None:
        """Begins an import again that has asked how its folders are to be understood; any other stays as it is.

        Args:
            id: Of the import.
            layout: The number of the reading that is right, from 1.
            by: Who has chosen it.

        Raises:
            UnknownIdError: "unknown_import".
            InputError: "bad_layout": there is no such reading.
        """
        with self._lock:
            one = self._all[self.look(id, by=by).id]
            if one.seen.state is not ImportState.ASKING:
                return
            if not 1 <= layout <= len(one.seen.readings):
                raise InputError("bad_layout", received=layout, n=len(one.seen.readings))
            self._ask_no_more(one)
            one.request, one.outcome = replace(one.request, layout=layout), None
            one.seen = replace(one.seen, state=ImportState.WAITING, readings=())
            self._begin_next()

    def cancel(self, id: str, *, by: Visitor) -> None:
        """Ends an import at once; nothing of it is kept. One that has ended, or is just about to, stays as it is.

        Raises:
            UnknownIdError: "unknown_import".
        """
        with self._lock:
            one = self._all[self.look(id, by=by).id]
            self._stop(one)
        one.is_over.wait(PATIENCE_S)

    def close(self) -> None:
        """Ends everything. Twice is harmless."""
        with self._lock:
            self._is_closed = True
            for one in self._all.values():
                self._stop(one)

    # ---- with the lock held ----

    def _begin_next(self) -> None:
        states = [one.seen.state for one in self._all.values()]
        if self._is_closed or ImportState.RUNNING in states:
            return
        waiting = next((one for one in self._all.values() if one.seen.state is ImportState.WAITING), None)
        if waiting is not None:
            self._begin(waiting)

    def _begin(self, one: _Import) -> None:
        """Starts the process of an import; one whose album is gone, or its owner's room, has failed."""
        try:
            if one.request.into:  # another import or an edit may have changed it meanwhile
                into = self._albums.permitted(one.request.into.id, by=Visitor(one.seen.owner))
                one.request = replace(one.request, into=into)
            if one.request.most_bytes is not None:
                one.request = replace(one.request, most_bytes=self._bytes_left(one.seen.owner))
        except TransferLabError as error:
            self._end(one, replace(one.seen, state=ImportState.FAILED, error=error.to_dict()))
            return
        one.began_s = self._clock()
        try:
            process, *pipes = start_module(
                "tl_core.engine.imports.process", self._home, "importer.log", errors="replace"
            )
        except OSError as error:  # no memory for another process, or no room for its log
            reason = WorkerError("request_failed", reason=error.strerror or type(error).__name__)
            self._end(one, replace(one.seen, state=ImportState.FAILED, error=reason.to_dict()))
            return
        one.process, one.seen = process, replace(one.seen, state=ImportState.RUNNING)
        threading.Thread(target=self._listen, args=(one, process, *pipes), name="imports", daemon=True).start()

    def _stop(self, one: _Import) -> None:
        """Ends an import that has not ended: its process is killed, and the rest follows when it is gone."""
        if one.process and one.seen.state is ImportState.RUNNING:
            one.is_cancelled = True
            one.process.kill()
        elif not one.seen.state.is_finished:
            self._end(one, replace(one.seen, state=ImportState.CANCELLED))

    def _end(self, one: _Import, seen: ImportSnapshot) -> None:
        """Notes the end of an import that has no process, or none any more, and begins the next one."""
        self._ask_no_more(one)
        if one.is_sent:
            uploads.forget(one.path)
        one.seen = replace(seen, left_s=None, readings=())
        one.is_over.set()
        self._begin_next()

    def _ask(self, one: _Import, seen: ImportSnapshot) -> None:
        """Keeps the files of an import until a person has said how they are to be understood, or nobody looks."""
        one.seen, one.process = seen, None
        one.n_bytes = uploads.size_of(one.path) if one.is_sent else 0
        self._seen_s[seen.owner] = self._clock()
        self._expire_in(one, EXPIRES_S)
        self._begin_next()

    def _expire_in(self, one: _Import, wait_s: float) -> None:
        one.timer = threading.Timer(wait_s, self._expire, [one])
        one.timer.daemon = True
        one.timer.start()

    def _ask_no_more(self, one: _Import) -> None:
        if one.timer is not None:
            one.timer.cancel()
        one.timer = None

    def _forget_old(self) -> None:
        finished = [id for id, one in self._all.items() if one.seen.state.is_finished]
        for id in finished[: max(0, len(finished) - KEPT)]:
            del self._all[id]

    # ---- on a thread of its own ----

    def _expire(self, one: _Import) -> None:
        """Ends an import whose question has been left alone for long enough."""
        with self._lock:
            if one.seen.state is not ImportState.ASKING:
                return
            left_s = self._seen_s[one.seen.owner] + EXPIRES_S - self._clock()
            if left_s > 0:
                self._expire_in(one, left_s)
                return
            error = InputError("import_expired", name=one.seen.name).to_dict()
            self._end(one, replace(one.seen, state=ImportState.FAILED, error=error))

    # ---- on the thread that listens to a process ----

    def _listen(self, one: _Import, process: subprocess.Popen, wanted: IO[str], said: IO[str]) -> None:
        with suppress(OSError, ValueError):  # dead already: the end of its output says so
            wanted.write(json.dumps(task_of(one.path, one.request, is_sent=one.is_sent)) + "\n")
            wanted.flush()
        for line in said:
            tell(lambda line: self._hear(one, json.loads(line)), line)
        status = process.wait()
        for pipe in (wanted, said):
            with suppress(OSError):
                pipe.close()
        self._clean_up(one, status)

    def _hear(self, one: _Import, said: dict) -> None:
        with self._lock:
            if said["say"] == "progress":
                left_s = (self._clock() - one.began_s) / said["done"] * (said["total"] - said["done"])
                one.seen = replace(one.seen, done=said["done"], total=said["total"], left_s=left_s)
            elif said["say"] == "asked":
                one.outcome = replace(one.seen, state=ImportState.ASKING, readings=tuple(said["readings"]))
            elif said["say"] == "done":
                one.outcome = replace(one.seen, state=ImportState.DONE, album=album_of(said["album"]))
            else:
                one.outcome = replace(one.seen, state=ImportState.FAILED, error=said["error"])

    def _clean_up(self, one: _Import, status: int) -> None:
        """Notes how an import ended, once its process has, and what it began and what the browser sent are gone."""
        with suppress(TransferLabError, OSError):  # what cannot be removed now is at the next start
            self._albums.sweep_drafts()
            if one.request.into:  # its process does not know which runs need the former pictures
                self._albums.clear(one.request.into.id)
        error = WorkerError("importer_died", status=status).to_dict()
        died = replace(one.seen, state=ImportState.FAILED, error=error)
        cancelled = replace(one.seen, state=ImportState.CANCELLED)
        with self._lock:
            if one.outcome is None or one.outcome.state is not ImportState.ASKING:
                self._end(one, one.outcome or (cancelled if one.is_cancelled else died))
            elif one.is_cancelled:
                self._end(one, cancelled)
            else:
                self._ask(one, one.outcome)
