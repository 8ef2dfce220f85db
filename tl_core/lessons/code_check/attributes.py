"""What attributes stand for, and what happens when one is set; what `trainable` looks like when it is misspelled."""

from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check import freezing, graph
from tl_core.lessons.code_check.names import canonical, is_old_module
from tl_core.lessons.code_check.values import (
    LOST,
    Batches,
    Each,
    Feed,
    Layers,
    Member,
    Path,
    Ref,
    Tensor,
    Value,
    plain,
)

SPELLED = "trainable"


def attribute(machine: Any, owner: Value, name: str, line: int) -> Value:
    """Returns what an attribute of something is."""
    if isinstance(owner, Path):
        return _path(machine, canonical(f"{owner.name}.{name}"), line)
    record = machine.state.of(owner)
    if record is not None:
        return _attribute_of(machine, owner, record, name)
    if isinstance(owner, Each) and name in ("output", "input"):
        return _inside(machine, owner, name)
    if isinstance(owner, Batches) and name == "classes":
        return replace(owner.labels, kind="int")
    return Member(owner, name)


def _path(machine: Any, name: str, line: int) -> Path:
    if is_old_module(name):
        machine.report(line, "old_import", "old", received=name)
    return Path(name)


def _attribute_of(machine: Any, owner: Ref, record: dict[str, Any], name: str) -> Value:
    if f"attr:{name}" in record:
        return record[f"attr:{name}"]
    kind = record["kind"]
    if kind in ("network", "model"):
        if name == "layers":
            return Layers(owner)
        if name in ("output", "outputs"):
            return graph.output_of(machine, owner)
        if name in ("input", "inputs"):
            return _input_of(machine, owner)
    if kind == "history" and name == "history":
        return owner
    return Member(owner, name)


def _input_of(machine: Any, owner: Ref) -> Tensor:
    """Returns where a network begins: pixels as they come, even where it stands on another tensor."""
    record = machine.state.heap[owner.uid]
    tensor = record["source"] if record["kind"] == "network" else graph.output_of(machine, owner)
    return Tensor(Feed(), shape=tensor.shape or record.get("shape"), is_input=True)


def _inside(machine: Any, layer: Each, name: str) -> Value:
    """Returns the output of a layer inside: what comes in is known, what it has become is not."""
    whole = graph.output_of(machine, layer.owner)
    return Tensor(LOST, whole.nets, whole.parts, None, whole.shape)


def assigned_attribute(machine: Any, owner: Value, name: str, value: Value, line: int) -> None:
    """Takes note of an attribute that is set."""
    record = machine.state.of(owner)
    is_of_keras = isinstance(owner, Each | Layers) or (record is not None and record["kind"] != "object")
    if name == SPELLED:
        freezing.set_trainable(machine, owner, value, line)
    elif is_of_keras and isinstance(plain(value), bool) and is_misspelled(name):
        machine.report(line, "misspelled", "trap", received=name)
        machine.is_freezing = True
    elif record is not None:
        record[f"attr:{name}"] = value


def is_misspelled(name: str) -> bool:
    """Says whether a name is "trainable" but for a letter or two."""
    return name != SPELLED and SPELLED not in name.replace("_", "").lower()[:-1] + "?" and 0 < _distance(name) <= 2


def _distance(name: str) -> int:
    """Returns how many letters were left out, added, changed or swapped, as Damerau and Levenshtein count."""
    rows = [list(range(len(SPELLED) + 1))]
    for i, letter in enumerate(name, start=1):
        row = [i]
        for j, right in enumerate(SPELLED, start=1):
            row.append(min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (letter != right)))
            if i > 1 and j > 1 and letter == SPELLED[j - 2] and name[i - 2] == right:
                row[j] = min(row[j], rows[i - 2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
