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

    def ask(self, send: Callable[[dict], None], message: dict) -> Future:
        """Sends a request and returns the future of its answer, which nobody can cancel."""
        future: Future = Future()
        future.set_running_or_notify_cancel()
        request_id = f"request:{secrets.token_hex(8)}"
        self._open[request_id] = future
        send({**message, "request_id": request_id})
        return future

    def take(self, message: dict) -> None:
        """Takes in an answer of the worker: {"request_id", "value" or "error"}."""
        future = self._open.pop(message["request_id"], None)
        if future is None:
            return
        if "error" in message:
            future.set_exception(_error_of(message["error"]))
        else:
            future.set_result(message["value"])

    def fail(self, error: TransferLabError) -> None:
        """Gives every open request the same error: its worker is gone."""
        asked, self._open = self._open, {}
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
