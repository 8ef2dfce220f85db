"""The same worker in this process: for the command line on its own thread, for tests on one beside it."""

import json
import logging
import threading
from pathlib import Path

from tl_core.engine.environment import ready
from tl_core.engine.executors.contract import Executor, Exit, Hear, tell


class InProcess(Executor):
    """A worker without a process of its own; making one imports Keras.

    It has to be closed: its thread keeps the process alive.

    Args:
        home: The data folder.
        on_message: Called with each message of the worker.
        on_exit: Called with 1 if the worker breaks down.
        has_thread: Whether it computes on a thread of its own; if not, in `work`.

    Thread: any; `work` the one that computes.
    """

    def __init__(
        self, home: Path, on_message: Hear, on_exit: Exit = lambda status: None, *, has_thread: bool = True
    ) -> None:
        from tl_core.engine.worker.device import prepare

        prepare(home)
        from tl_core.engine.worker.loop import Worker

        self._on_message = (lambda message: tell(on_message, message)) if has_thread else on_message
        self._on_exit, self._is_closed = on_exit, False
        self._worker = Worker(home, self._say)
        if has_thread:
            threading.Thread(target=self._serve, name="worker").start()

    def send(self, message: dict) -> None:
        self._worker.hear(json.loads(json.dumps(message)))  # plain data, as if it crossed a pipe

    def close(self) -> None:
        self._is_closed = True
        self._worker.end()

    def work(self) -> None:
        """Computes until nothing is left to do, on this thread; what `on_message` raises comes out here."""
        self._worker.work()

    def _say(self, message: dict) -> None:
        if not self._is_closed:
            self._on_message(json.loads(json.dumps(message)))

    def _serve(self) -> None:
        from tl_core.engine.worker.device import device_name

        try:
            self._say(ready(device_name()))
            self._worker.serve()
        except BaseException:
            logging.getLogger(__name__).exception("the worker broke down")
            if not self._is_closed:
                tell(self._on_exit, 1)
