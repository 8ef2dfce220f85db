"""Requests to the worker and the answers that come back, as futures."""

import secrets
from collections.abc import Callable
from concurrent.futures import Future

from tl_core.errors import InputError, TransferLabError, WorkerError

INPUT_CODES = ("unknown_run", "unknown_backbone")


class PendingRequests:
    """Futures of what the worker was asked. Guarded by the engine's lock."""

    def __init__(self) -> None:
        self._open: dict[str, Future] = {}
        self._listeners: dict[str, Callable[[dict], None]] = {}

    def ask(
        self, send: Callable[[dict], None], message: dict, on_progress: Callable[[dict], None] | None = None
    ) -> Future:
        """Sends a request and returns the future of its answer, which only `cancel` ends before.

        Args:
            send: Sends it to the worker.
            message: The request.
            on_progress: Called with {"done", "total", "value"}, as the worker says how far it is.
        """
        future: Future = Future()
        future.set_running_or_notify_cancel()
        request_id = f"request:{secrets.token_hex(8)}"
        self._open[request_id] = future
        if on_progress is not None:
            self._listeners[request_id] = on_progress
        send({**message, "request_id": request_id})
        return future

    def take(self, message: dict) -> None:
        """Takes in an answer of the worker: {"request_id", "value" or "error"}."""
        future = self._open.pop(message["request_id"], None)
        self._listeners.pop(message["request_id"], None)
        if future is None:
            return
        if "error" in message:
            future.set_exception(_error_of(message["error"]))
        else:
            future.set_result(message["value"])

    def note(self, message: dict) -> None:
        """Takes in how far the worker is: {"request_id", "done", "total", "value"}."""
        listener = self._listeners.get(message["request_id"])
        if listener is not None:
            listener({name: message[name] for name in ("done", "total", "value")})

    def cancel(self, future: Future, send: Callable[[dict], None]) -> None:
        """Ends a request that nobody waits for any more, with the error "request_cancelled"."""
        for request_id in [request_id for request_id, asked in self._open.items() if asked is future]:
            send({"do": "cancel", "request_id": request_id})
            self.take({"request_id": request_id, "error": WorkerError("request_cancelled").to_dict()})

    def fail(self, error: TransferLabError) -> None:
        """Gives every open request the same error: its worker is gone."""
        asked, self._open, self._listeners = self._open, {}, {}
        for future in asked.values():
            future.set_exception(error)


def failed(error: TransferLabError) -> Future:
    """Returns a future that has failed already."""
    future: Future = Future()
    future.set_exception(error)
    return future


def _error_of(plain: dict) -> TransferLabError:
    kind = InputError if plain["code"] in INPUT_CODES else WorkerError
    return kind(plain["code"], **plain["values"])
