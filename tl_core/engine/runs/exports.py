"""Files that visitors take along: made one at a time, kept for all who want the same, given to who may see the run."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import EXPORT
from tl_core.errors import StoreError
from tl_core.export import cache
from tl_core.export.formats import FORMATS, Exported, Source
from tl_core.store.access import Visitor
from tl_core.store.store import RunStore

MOST_WAITING = 12  # of one owner


@dataclass(eq=False)
class Order:
    """A file that somebody waits for."""

    owner: str
    source: Source
    format: str
    path: Path
    future: Future = field(default_factory=Future)


class Exports:
    """Has files made in the worker, one after the other: each takes a process with Keras, and memory for it.

    Args:
        store: Where the runs are.
        home: The data folder.
        supervisor: Who passes requests on.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, supervisor: Supervisor) -> None:
        self._store, self._home, self._supervisor = store, home, supervisor
        self._lock = supervisor.lock
        self._line: deque[Order] = deque()
        self._made: Order | None = None
        cache.sweep(home)

    def begin(self, run_id: str, format: str, *, by: Visitor, language: str) -> Future[Exported]:
        """Has a file made; whoever asks for the same meanwhile waits for the same, and what is kept is there at once.

        Args:
            run_id: The run; anyone who may see it may take it along.
            format: A key of `FORMATS`.
            by: Who asks.
            language: Of the model card in it.

        Returns:
            A future, which nobody can cancel; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            InputError: As `Format.check`.
            StoreError: "too_many_exports": of one visitor's; or a refusal of the disk.
            ValueError: A program.
        """
        order = self._order(run_id, format, by, language)
        if FORMATS[format].is_program:  # what is kept here goes to all who may see the run
            raise ValueError(f"{format} is made by engine.programs")
        FORMATS[format].check(order.source.record)
        with self._lock:
            known = next((one for one in self._all() if one.path == order.path), None)
            if known is not None:
                return known.future
            if (found := cache.kept(order.path)) is not None:
                order.future.set_result(found)
                return order.future
            if sum(one.owner == by.owner for one in self._all()) >= MOST_WAITING:
                raise StoreError("too_many_exports", allowed=MOST_WAITING)
            order.future.set_running_or_notify_cancel()
            self._line.append(order)
            self._go_on()
            return order.future

    def made(self, run_id: str, format: str, *, by: Visitor, language: str) -> Exported | None:
        """Returns what is known of a file that was made before, for a visitor who may see the run; None without one.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: A refusal of the disk.
        """
        return cache.kept(self._order(run_id, format, by, language).path)

    def is_making(self, future: Future) -> bool:
        """Says whether a file is being made, and does not wait for others any more."""
        made = self._made
        return made is not None and made.future is future

    def content(self, run_id: str, format: str, *, by: Visitor, language: str) -> bytes:
        """Returns a file that was made before.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see any more.
            StoreError: "export_gone": it made room for others.
        """
        data = cache.content(self._order(run_id, format, by, language).path)
        if data is None:
            raise StoreError("export_gone", format=format)
        return data

    def _order(self, run_id: str, format: str, by: Visitor, language: str) -> Order:
        record = self._store.find(run_id, by=by)
        source = Source.of(self._store, record, self._home, language, by=by)
        return Order(by.owner, source, format, cache.place(source, FORMATS[format]))

    def _all(self) -> list[Order]:
        return [*([self._made] if self._made else []), *self._line]

    def _go_on(self) -> None:
        """Asks for the next file when none is being made; whose was not the last one goes first."""
        if self._made is not None or not self._line:
            return
        self._made = order = self._line.popleft()
        message = EXPORT.message(source=order.source.to_dict(), format=order.format, target=str(order.path))
        self._supervisor.ask(message).add_done_callback(lambda answer: self._take(order, answer))

    def _take(self, order: Order, answer: Future) -> None:
        with self._lock:
            self._made = None
            if (error := answer.exception()) is not None:
                order.future.set_exception(error)
            else:
                order.future.set_result(Exported.from_dict(answer.result()))
            others = [one for one in self._line if one.owner != order.owner]
            if others:  # owners take turns
                self._line.remove(others[0])
                self._line.appendleft(others[0])
            self._go_on()
