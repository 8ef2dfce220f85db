"""Ends the building and compiling of a network that nobody waits for any more.

Before its first step a network is traced in Python, which takes 5 to 15 s where all of it is trained. A run looks up
between steps only, so without this a stop would have to wait for all of it.
"""

import _thread
import signal
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

from tl_core.engine.worker.device import is_tracing

OPERATIONS = "tensorflow.python.ops.gen_"  # begins the names of the modules in which every operation begins
NEW_VARIABLE = "var_handle_op"  # the operation that makes one: only building does
GRADIENTS = "tensorflow.python.eager.imperative_grad"  # its C++ calls back into Python
CHECKED = ("_gradient_function", "tape_grad_fn")  # those of its callbacks whose failure it notices


class Interruption:
    """Raises KeyboardInterrupt in a task that is no longer wanted, where it builds or traces a network.

    Once asked, the main thread watches its own calls (before, this costs nothing) and raises at the beginning of the
    next operation that is traced or makes a variable, as if it had failed. Errors may come from there at any time, so
    every scope on the way out is closed as it is for them, and the process goes on as if the task had never been. An
    exception set from another thread (`PyThreadState_SetAsyncExc`) could hit the closing of a scope itself.

    Args:
        is_wanted: Says whether the task with this id is still wanted.
        spared: A function that is never interrupted: what a task does at its end.

    Thread: worker; `ask` any. On another thread than the main one, and on other backends than TensorFlow, nothing is
        interrupted: a task ends when it next looks up.
    """

    def __init__(self, is_wanted: Callable[[str], bool], spared: Callable) -> None:
        self._is_wanted = is_wanted
        self._spared: CodeType = spared.__code__
        self._task_id: str | None = None
        self._is_installed = self._is_watching = False

    def install(self) -> None:
        """Takes over the interrupt signal, which otherwise ends the process. Main thread."""
        signal.signal(signal.SIGINT, self._on_signal)
        self._is_installed = True

    def ask(self) -> None:
        """Has the main thread see whether what it computes is still wanted."""
        if self._is_installed:
            _thread.interrupt_main(signal.SIGINT)

    def watched(self, task_id: str, events: Iterator) -> Iterator:
        """Passes on a task's events; while it computes the next one, it can be interrupted."""
        while True:
            self._task_id = task_id
            self._watch(self._is_installed and not self._is_wanted(task_id))
            try:
                event = next(events, None)
            finally:
                self._task_id = None
                self._watch(False)
            if event is None:
                return
            yield event

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._task_id is not None and not self._is_wanted(self._task_id):
            self._watch(True)

    def _watch(self, is_wanted: bool) -> None:
        if is_wanted != self._is_watching:
            self._is_watching = is_wanted
            sys.setprofile(self._on_call if is_wanted else None)

    def _on_call(self, frame: FrameType, kind: str, _: object) -> None:
        if kind != "call" or not frame.f_globals.get("__name__", "").startswith(OPERATIONS):
            return
        if (frame.f_code.co_name == NEW_VARIABLE or is_tracing()) and not self._is_spared(frame):
            self._watch(False)
            raise KeyboardInterrupt

    def _is_spared(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code is self._spared or _is_unchecked(frame):
                return True
            frame = frame.f_back
        return False


def _is_unchecked(frame: FrameType) -> bool:
    """Says whether C++ calls this and does not see that it fails: a gradient's ones and zeros."""
    caller = frame.f_back
    is_from_there = caller is not None and caller.f_globals.get("__name__") == GRADIENTS
    return is_from_there and frame.f_code.co_name not in CHECKED
