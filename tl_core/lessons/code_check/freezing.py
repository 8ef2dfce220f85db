"""What is frozen, what a change of it reaches, and which models must be compiled again because of it."""

from tl_core.lessons.code_check.graph import output_of
from tl_core.lessons.code_check.machine import Machine
from tl_core.lessons.code_check.values import LOST, UNKNOWN, Each, Layers, Ref, Tensor, Value, plain


def parts_of(machine: Machine, uid: int) -> set[int]:
    """Returns all that is inside of an object, and the object itself, by number."""
    found, waiting = set(), [uid]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        machine.step()
        found.add(one)
        record = machine.state.heap[one]
        if record["kind"] in ("model", "network"):
            waiting += output_of(machine, Ref(one)).parts
        waiting += [value.uid for name, value in record.items() if name.startswith("attr:") and isinstance(value, Ref)]
    return found


def set_trainable(machine: Machine, target: Value, value: Value, line: int) -> None:
    """Freezes something, or lets it be trained; models that were trained with it before need to be compiled again."""
    machine.is_freezing = True
    if isinstance(target, Layers):
        machine.report(line, "trainable_of_list", "error")
        return
    owner = target.owner if isinstance(target, Each) else target
    if not isinstance(owner, Ref):
        return
    flag, is_whole = plain(value), not isinstance(target, Each) or target.is_all
    is_whole = is_whole and not machine.in_some
    if isinstance(flag, str) and flag.lower() in ("true", "false"):
        machine.report(line, "trainable_text", "trap", received=flag)
    new = (not flag) if is_whole and isinstance(flag, bool) else UNKNOWN
    before = machine.state.heap[owner.uid].get("frozen")
    has_changed = isinstance(flag, bool) and (before != (not flag) if before is not UNKNOWN else not is_whole)
    is_each = isinstance(target, Each) and machine.state.heap[owner.uid]["kind"] == "model"
    for uid in parts_of(machine, owner.uid) - ({owner.uid} if is_each else set()):  # it may get more layers later
        machine.state.heap[uid]["frozen"] = new
    if has_changed:
        _mark_changed(machine, owner.uid, line)


def learns_nothing(machine: Machine, ref: Ref) -> bool:
    """Says whether a model has nothing left to train: it is frozen itself, or all of it is, the last layer as well."""
    heap = machine.state.heap
    if heap[ref.uid].get("frozen") is True:
        return True
    tensor = output_of(machine, ref) if heap[ref.uid]["kind"] == "model" else Tensor(LOST)
    frozen = [heap[uid]["frozen"] for uid in tensor.parts]
    return tensor.head is not None and all(one is True for one in frozen)


def _mark_changed(machine: Machine, owner: int, line: int) -> None:
    for uid, record in machine.state.heap.items():
        was_trained = record["kind"] in ("model", "object") and isinstance(record.get("fitted"), int)
        if was_trained and record.get("changed") is None and owner in parts_of(machine, uid):
            record["changed"] = line
