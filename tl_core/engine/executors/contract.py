"""What computes for the engine: a contract with three promises, kept by worker processes and inside this process."""

import logging
from collections.abc import Callable
from typing import Protocol

LOST = 70
"""Exit status of a worker of which nobody knows what became of it: its machine, or the way there, is gone."""

LEASE_S = 8.0
"""A worker on another machine goes on for so long after it last said that it lives, as far as the server has heard it.

Less than `pool.worker_handle.SILENCE_S`: when a silent one is given up, it has ended itself, wherever it is.
"""

Hear = Callable[[dict], None]
Exit = Callable[[int], None]


class Executor(Protocol):
    """Takes messages, and answers with messages. `engine.worker` lists both kinds.

    An executor is made from (home, on_message, on_exit) and works at once. Both callbacks come from one thread of the
    executor's own, one message at a time, in the order in which things happened.

    Promises:
        1. Start: a task that was sent begins by itself, a request before the next slice of training. What several
           runs compute side by side is, to the last bit, what each computes alone.
        2. Stream: the events of a run arrive in their order, the last says that it ended. Exactly one "ended" follows,
           and then nothing more of this run.
        3. Stop: a run that is asked to stop, be it waiting, paused or computing, ends as soon as the executor can look
           up, with its best weights so far. `close` ends everything, and nothing is said afterwards.

    `on_exit` is called once, with a status, when the executor has died without being closed; it then takes messages and
    does nothing with them. `LOST`: it may live on, unheard.

    Thread: any.
    """

    lease_s: float = 0.0
    """`LEASE_S` where it computes on another machine; 0 where it ends with its pipe."""

    def send(self, message: dict) -> None:
        """Passes one message on. A dead executor swallows it: `on_exit` says that it died."""

    def close(self) -> None:
        """Ends it, whatever it is doing, without waiting for what it computes. Twice is harmless."""


def tell(listener: Callable, what: object) -> None:
    """Passes on what a worker said; a listener that does not understand it must not end the listening."""
    try:
        listener(what)
    except Exception:
        logging.getLogger(__name__).exception("a message of the worker was lost")
