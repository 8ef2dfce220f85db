"""What is known at one place of a program: its names, and the objects that they stand for."""

from typing import Any

from tl_core.lessons.code_check.values import Function, Ref, Value, joined


class State:
    """Names in frames, the innermost last, and objects that can change, each a record of fields."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Value]] = [{}]
        self.heap: dict[int, dict[str, Any]] = {}
        self._count = [0]

    def fork(self) -> "State":
        """Returns a copy that goes its own way; new objects of both get different numbers."""
        twin = State()
        twin.frames = [dict(frame) for frame in self.frames]
        twin.heap = {uid: dict(record) for uid, record in self.heap.items()}
        twin._count = self._count
        return twin

    def take(self, other: "State") -> None:
        """Goes on as another state."""
        self.frames, self.heap = other.frames, other.heap

    def meet(self, other: "State") -> None:
        """Goes on with what holds here and in another state; what only one of them has is kept."""
        for mine, theirs in zip(self.frames, other.frames, strict=False):
            _meet(mine, theirs)
        for uid, record in other.heap.items():
            if uid in self.heap:
                _meet(self.heap[uid], record)
            else:
                self.heap[uid] = record

    def new(self, kind: str, **fields: Any) -> Ref:
        """Adds an object."""
        self._count[0] += 1
        self.heap[self._count[0]] = {"kind": kind, **fields}
        return Ref(self._count[0])

    def of(self, value: Value, *kinds: str) -> dict[str, Any] | None:
        """Returns the fields of an object, of one of some kinds; None for anything else."""
        if not isinstance(value, Ref):
            return None
        record = self.heap[value.uid]
        return record if not kinds or record["kind"] in kinds else None

    def look_up(self, name: str) -> Value | None:
        """Returns what a name stands for; None for one that nobody has set."""
        for frame in reversed(self.frames):
            if name in frame:
                return frame[name]
        return None

    def set(self, name: str, value: Value) -> None:
        self.frames[-1][name] = value


def _meet(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, value in theirs.items():
        if name not in mine:
            mine[name] = value
        elif not isinstance(mine[name], Function) or mine[name].node is not getattr(value, "node", None):
            mine[name] = joined(mine[name], value)
