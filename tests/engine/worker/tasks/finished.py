"""What a task of the worker returns, without a worker."""

from collections.abc import Generator
from typing import Any


def finished(task: Generator) -> Any:
    """Returns what a task returns, once it has run to its end."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value
