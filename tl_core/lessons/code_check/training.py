"""What is asked of a model: to be compiled, trained, evaluated; and what must be true by then."""

import ast
from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check.freezing import learns_nothing, parts_of
from tl_core.lessons.code_check.graph import output_of
from tl_core.lessons.code_check.losses import Loss, check_head, check_labels, loss_of
from tl_core.lessons.code_check.machine import Arguments, Machine
from tl_core.lessons.code_check.networks import NETWORKS
from tl_core.lessons.code_check.pixels import verdict
from tl_core.lessons.code_check.values import (
    LOST,
    UNKNOWN,
    Batches,
    Const,
    Feed,
    Labels,
    Pixels,
    Ref,
    Seq,
    Tensor,
    Value,
    plain,
)

WITH_DROPOUT = ("EfficientNet",)
"""How the names of networks begin that drop features at random inside, where they run in training mode."""
FIT = frozenset({"fit", "fit_generator", "train_on_batch"})
ASK = frozenset({"evaluate", "predict", "evaluate_generator", "predict_generator", "predict_on_batch", "test_on_batch"})


def compile_model(machine: Machine, ref: Ref, args: Arguments) -> Value:
    """Takes note of how a model is compiled, and looks whether its loss fits its last layer."""
    record = machine.state.heap[ref.uid]
    loss = loss_of(machine, args.get("loss", 1, UNKNOWN), args.line("loss", 1)) if args.is_whole else Loss()
    metrics = plain(args.get("metrics", 2, UNKNOWN if not args.is_whole else Const(None)))
    record |= {"compiled": (loss, metrics), "fitted": None, "changed": None}
    record["learns_nothing"] = learns_nothing(machine, ref)
    check_head(machine, loss, output_of(machine, ref).head if record["kind"] == "model" else None)
    return Const(None)


def fit(machine: Machine, ref: Ref, name: str, args: Arguments) -> Value:
    """Looks at a training: is the model compiled anew, do pictures, labels and validation belong to it?"""
    record, line = machine.state.heap[ref.uid], args.node.lineno
    if isinstance(record.get("changed"), int):
        machine.report(record["changed"], "not_compiled_again", "trap", line, fit=line)
        record["changed"] = None
    trained = _batches(args.get("x", 0, args.get("generator", None, UNKNOWN)), args.get("y", 1, Const(None)))
    graph = output_of(machine, ref) if record["kind"] == "model" else Tensor(LOST)
    if record["kind"] == "network":
        graph = output_of(machine, ref)
    _check_frozen(machine, ref, graph, line)
    _check_pictures(machine, graph, trained, line)
    compiled = record.get("compiled")
    if isinstance(compiled, tuple) and not {"attr:train_step", "attr:compute_loss"} & set(record):
        _check_labels(machine, compiled[0], graph, trained, line)
    if trained.is_shuffled is False and trained.kind == "directory":
        machine.report(trained.line, "sorted_classes", "trap", line)
    if args.is_whole:
        _check_validation(machine, args, trained)
    if name != "train_on_batch":  # by which two networks take turns, as they were compiled
        record["fitted"] = line
    for uid in parts_of(machine, ref.uid):
        if machine.state.heap[uid]["kind"] == "network":
            machine.trained.setdefault(uid, line)
    return machine.state.new("history", metrics=compiled[1] if isinstance(compiled, tuple) else UNKNOWN)


def ask(machine: Machine, ref: Ref, args: Arguments) -> Value:
    """Looks at pictures that a model is asked about; which of them were evaluated is kept for the end."""
    given = args.get("x", 0, args.get("generator", None, UNKNOWN))
    batches = _batches(given, args.get("y", 1, Const(None)))
    if batches.pixels.origin:
        machine.tests.setdefault(batches.pixels.origin, args.node.lineno)
    _check_pictures(machine, output_of(machine, ref), batches, args.node.lineno)
    return UNKNOWN


def _batches(given: Value, labels: Value) -> Batches:
    """Returns pictures and labels, however they are given."""
    if isinstance(given, Batches):
        return given
    pixels = given if isinstance(given, Pixels) else Pixels()
    return Batches(pixels, labels if isinstance(labels, Labels) else Labels())


def _validation(args: Arguments) -> tuple[Batches, int]:
    value = args.get("validation_data", None, UNKNOWN)
    line = args.line("validation_data")
    if isinstance(value, Seq) and len(value.items) in (2, 3):
        return _batches(value.items[0], value.items[1]), line
    return _batches(value, UNKNOWN), line


def _check_validation(machine: Machine, args: Arguments, trained: Batches) -> None:
    validation, line = _validation(args)
    if validation.is_augmented:
        machine.report(validation.line, "augmented_validation", "trap", line)
    role, origin = validation.pixels.role, validation.pixels.origin
    if origin and origin == trained.pixels.origin and validation.pixels.role != "held out":
        return
    if role == "test" and validation.kind != "tfds" and _has_network(machine):
        machine.report(line, "validation_is_test", "trap", *((validation.line,) if validation.line else ()))
    elif origin and role in ("test", "held out") and _is_called_test(args) and _has_network(machine):
        machine.validations.append((origin, line, role))


def _is_called_test(args: Arguments) -> bool:
    """Says whether the names of what is validated on say that it is the test set."""
    given = [keyword.value for keyword in args.node.keywords if keyword.arg == "validation_data"]
    called = [one.id.lower() for value in given for one in ast.walk(value) if isinstance(one, ast.Name)]
    return bool(called) and all("test" in name and "val" not in name for name in called)


def _has_network(machine: Machine) -> bool:
    """Says whether the program has a network of Keras: lessons from scratch often choose by the test set."""
    return any(record["kind"] == "network" for record in machine.state.heap.values())


def _check_labels(machine: Machine, loss: Loss, graph: Tensor, trained: Batches, line: int) -> None:
    lines = (trained.line, line) if trained.line else (line,)
    head = graph.head
    if head is not None and head.units == 1 and head.activation == "softmax":
        return  # was said
    check_labels(machine, loss, head, trained.labels, lines)


def _check_frozen(machine: Machine, ref: Ref, graph: Tensor, line: int) -> None:
    heap = machine.state.heap
    for uid, _, is_training, at in graph.nets:
        record = heap[uid]
        if not is_training or not record["has_batchnorm"]:
            continue
        if record["frozen"] is True:
            record["fed_in_training"] = True  # harmless as long as Keras keeps the statistics of what is frozen
        if record["name"].startswith(WITH_DROPOUT) if record["frozen"] is True else record.get("fed_in_training"):
            machine.report(at, "batchnorm_training", "trap", line, network=record["name"])
    if learns_nothing(machine, ref) and heap[ref.uid].get("learns_nothing") is True:
        machine.report(line, "nothing_learns", "trap")


def _check_pictures(machine: Machine, graph: Tensor, given: Batches, line: int) -> None:
    for uid, feed, _, _ in graph.nets:
        record = machine.state.heap[uid]
        whole = replace(given.pixels.feed, ops=given.pixels.feed.ops + feed.ops)
        wrong = _verdict(record, whole) or _verdict(record, feed)
        if wrong is not None:
            _report_pixels(machine, record, wrong, given, line)
    _check_shape(machine, graph, given, line)


def _verdict(record: dict[str, Any], feed: Feed) -> Any:
    return verdict(record["wants"], feed) if record["kind"] == "network" else None


def _report_pixels(machine: Machine, record: dict[str, Any], wrong: Any, given: Batches, line: int) -> None:
    code, op = wrong
    info = NETWORKS[record["name"]]
    made = given.line or line
    at = op.line if op is not None and op.line else given.maker or record["line"]
    others = tuple(one for one in dict.fromkeys((record["line"], made, line)) if one != at)
    machine.report(at, code, "trap", *others, network=record["name"], module=info.module)


def _check_shape(machine: Machine, graph: Tensor, given: Batches, line: int) -> None:
    """Says where pictures have another size than the one network that takes them as they come."""
    shape = given.pixels.shape
    wanted = graph.shape
    if shape is None or wanted is None or len(wanted) != 3:
        return
    pairs = zip(shape, wanted, strict=False)
    if len(shape) == 2 and wanted[2] == 1:
        return  # Keras adds the one channel itself
    is_other = any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)
    if is_other or len(shape) != len(wanted):
        others = (given.line,) if given.line else ()
        machine.report(line, "picture_shape", "error", *others, received=str(shape), wanted=str(tuple(wanted)))
