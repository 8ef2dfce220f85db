"""The loss beside the last layer, and the labels beside both."""

from dataclasses import dataclass
from typing import Any

from tl_core.lessons.code_check.machine import Arguments, Machine
from tl_core.lessons.code_check.values import UNKNOWN, Const, Head, Labels, Path, Value, plain

_KINDS = {
    "categorical_crossentropy": "categorical",
    "CategoricalCrossentropy": "categorical",
    "sparse_categorical_crossentropy": "sparse",
    "SparseCategoricalCrossentropy": "sparse",
    "binary_crossentropy": "binary",
    "BinaryCrossentropy": "binary",
}


@dataclass(frozen=True)
class Loss:
    """A loss. Attributes: its kind, "" for one that is not spoken of; whether it takes logits, None where not known."""

    kind: str = ""
    from_logits: bool | None = None
    line: int = 0
    name: str = ""


def make_loss(machine: Machine, name: str, args: Arguments) -> Value:
    """Returns a loss that is an object."""
    asked = plain(args.get("from_logits", 0, Const(False) if args.is_whole else UNKNOWN))
    logits = asked if isinstance(asked, bool) else None
    return machine.state.new("loss", loss=Loss(_KINDS.get(name, ""), logits, args.node.lineno, name))


def loss_of(machine: Machine, value: Value, line: int) -> Loss:
    """Returns the loss that a model is compiled with."""
    if record := machine.state.of(value, "loss"):
        return record["loss"]
    name = value.last if isinstance(value, Path) else plain(value)
    return Loss(_KINDS[name], False, line, name) if isinstance(name, str) and name in _KINDS else Loss()


def check_head(machine: Machine, loss: Loss, head: Head | None) -> None:
    """Says where a loss and the last layer do not belong together."""
    if head is None or not loss.kind:
        return
    values: dict[str, Any] = {"loss": loss.name, "units": head.units}
    is_probability = head.activation in ("softmax", "sigmoid")
    if loss.from_logits and is_probability:
        machine.report(loss.line, "probabilities_as_logits", "trap", head.line, activation=head.activation, **values)
    elif loss.from_logits is False and head.activation == "":
        machine.report(loss.line, "logits_as_probabilities", "trap", head.line, **values)
    elif loss.kind != "binary" and head.units == 1 and head.activation != "softmax":
        machine.report(loss.line, "one_output", "trap", head.line, **values)
    elif loss.kind != "binary" and head.activation == "sigmoid" and (head.units or 0) > 1:
        machine.report(head.line, "sigmoid_of_many", "trap", loss.line, **values)


def check_labels(machine: Machine, loss: Loss, head: Head | None, labels: Labels, lines: tuple[int, ...]) -> None:
    """Says where labels do not belong to the loss or to the number of outputs."""
    units = head.units if head is not None else None
    values: dict[str, Any] = {"loss": loss.name, "units": units, "n": labels.n}
    is_many = units is None or units > 1
    if loss.kind == "categorical" and labels.kind == "int" and is_many:
        machine.report(loss.line, "integer_labels", "error", *lines, **values)
    elif loss.kind == "sparse" and labels.kind == "onehot" and is_many:
        machine.report(loss.line, "onehot_labels", "error", *lines, **values)
    elif loss.kind == "binary" and labels.kind == "int" and (units or 0) > 1:
        machine.report(loss.line, "binary_labels", "error", *lines, **values)
    elif head is not None and units is not None and labels.n is not None:
        _check_number(machine, labels, head, loss, lines, values)
    elif loss.kind == "binary" and labels.kind == "onehot" and head is not None and units == 1:
        machine.report(head.line, "outputs_classes", "error", loss.line, *lines, **(values | {"n": 2}))


def _check_number(
    machine: Machine, labels: Labels, head: Head, loss: Loss, lines: tuple[int, ...], values: dict[str, Any]
) -> None:
    units, n = head.units or 0, labels.n or 0
    if labels.kind == "onehot" and units != n and loss.kind in ("categorical", "binary") and (units > 1 or n > 1):
        machine.report(head.line, "outputs_classes", "error", loss.line, *lines, **values)
    elif (labels.kind == "int" and loss.kind == "sparse" and 1 < units < n) or (
        labels.kind == "int" and loss.kind == "binary" and units == 1 and n > 2
    ):
        machine.report(head.line, "outputs_few", "trap", loss.line, *lines, **values)
