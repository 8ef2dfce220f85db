"""Which executor the operator has chosen: `TL_EXECUTOR`."""

import os
from collections.abc import Callable
from importlib.util import find_spec

from tl_core.engine.executors.contract import Executor
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.executors.ray_workers import RayWorkers
from tl_core.engine.executors.ssh import SshWorkers
from tl_core.engine.pool.capacity import Capacity
from tl_core.errors import InputError

FORMS = ("process", "ray[=PLACES]", "ssh:HOST[=PLACES],…")
USUAL_PLACES = 2  # one-thread workers on a machine of which nothing else is said
MOST_PLACES = 256


def chosen(text: str) -> tuple[Callable[..., Executor], Capacity]:
    """Returns what starts workers, and how many there may be.

    Args:
        text: "" or "process": on this machine. "ssh:gpu1,gpu2=4": the workers of a class are on other machines, two on
            the first and four on the second. "ray=8": eight of them on whichever nodes of a Ray cluster have room;
            without a number as many as this machine has cores.

    Raises:
        InputError: "bad_executor"; "no_ray": it is not installed.
    """
    kind, _, hosts = text.strip().partition(":")
    name, _, n = kind.partition("=")
    if name == "ray" and not hosts:
        if find_spec("ray") is None:
            raise InputError("no_ray")
        n_places = _number(n, os.cpu_count() or 1, text)
        return RayWorkers(n_places), Capacity(n_elsewhere=n_places)
    if kind in ("", "process") and not hosts:
        return WorkerProcess, Capacity()
    places = [place for part in hosts.split(",") for place in _places(part.strip(), text)] if kind == "ssh" else []
    if not places:
        raise _refused(text)
    return SshWorkers(_in_turn(places)), Capacity(n_elsewhere=len(places))


def _places(part: str, text: str) -> list[tuple[int, str]]:
    """Returns a machine as often as it has places, each with its number there."""
    host, _, n = part.partition("=")
    if not host or host.startswith("-"):  # what begins so is an option of ssh, and no machine
        raise _refused(text)
    return [(number, host) for number in range(_number(n, USUAL_PLACES, text))]


def _number(n: str, usual: int, text: str) -> int:
    if n and not (n.isdecimal() and 0 < int(n) <= MOST_PLACES):
        raise _refused(text)
    return int(n or usual)


def _refused(text: str) -> InputError:
    return InputError("bad_executor", received=text, allowed=list(FORMS))


def _in_turn(places: list[tuple[int, str]]) -> list[str]:
    """Returns the machines so that each gets its first worker before any gets its second."""
    return [host for _, host in sorted(places, key=lambda place: place[0])]
