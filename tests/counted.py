"""How much work something is: counted, not timed, so that it is the same on every machine, however busy that is."""

import sys
from collections.abc import Callable
from types import FrameType


def lines_run(action: Callable[[], object]) -> int:
    """Returns how many lines of Python an action runs on this thread, those of all that it calls included.

    What a library does in C is one line, however long it takes: count that at its own door.
    """
    n_lines, before = 0, sys.gettrace()

    def count(frame: FrameType, kind: str, _: object) -> Callable:
        nonlocal n_lines
        n_lines += kind == "line"
        return count

    sys.settrace(count)
    try:
        action()
    finally:
        sys.settrace(before)
    return n_lines


def growth(cost: Callable[[int], float], n: int, times: int = 4) -> float:
    """Returns how the cost of each of `times` × n things compares with that of each of n.

    About 1 where costs grow with the number of things, `times` where they grow with its square.
    """
    return cost(times * n) / cost(n) / times


NO_FASTER = 1.3  # than the number of things: wide of 1, and far from the 4 of what grows with the square
