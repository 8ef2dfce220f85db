"""What attributes and calls of Keras, NumPy and TensorFlow stand for."""

import ast
from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check import data, freezing, graph, losses, pixels, training
from tl_core.lessons.code_check.attributes import SPELLED
from tl_core.lessons.code_check.machine import Arguments
from tl_core.lessons.code_check.names import HARMLESS
from tl_core.lessons.code_check.networks import NETWORKS
from tl_core.lessons.code_check.values import (
    UNKNOWN,
    Batches,
    Class,
    Const,
    Each,
    Feed,
    Function,
    Labels,
    Layers,
    Member,
    Path,
    Pixels,
    Ref,
    Seq,
    Tensor,
    Text,
    Value,
    plain,
)

OPTIMIZERS = frozenset(
    ["Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor", "Lamb"]
)
OLD_METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_classes": "predict",
}
OLD_FIT = {"nb_epoch": "epochs", "samples_per_epoch": "steps_per_epoch", "nb_val_samples": "validation_steps"}
OLD_FIT |= {"workers": "", "use_multiprocessing": "", "max_queue_size": ""}
_LIKE_MODELS = ("network", "model", "object")


def call(machine: Any, function: Value, args: Arguments) -> Value:
    """Returns what a call returns, as far as it is known."""
    if isinstance(function, Path):
        return _call_path(machine, function.name, args)
    if isinstance(function, Function):
        return machine.call_own(function, args.placed, args.node.lineno, **args.named)
    if isinstance(function, Class):
        return construct(machine, function, args)
    if isinstance(function, Member):
        return _call_member(machine, function, args)
    if machine.state.of(function, "layer", "network", "model"):
        return _apply(machine, function, args)
    if (record := machine.state.of(function, "object")) and "call" in record:
        return UNKNOWN
    _taint(machine, args)
    return UNKNOWN


def _apply(machine: Any, layer: Ref, args: Arguments) -> Value:
    """Returns what a layer or a model makes of what it is called with."""
    given = args.get("inputs", 0, UNKNOWN)
    if graph.refuse_layers(machine, given, args.node.lineno):
        return graph.through(machine, layer, graph.meant(machine, given), args)
    if isinstance(given, Pixels):  # of data, outside of a graph
        made = graph.through(machine, layer, Tensor(given.feed), args)
        return replace(given, feed=made.feed, shape=None) if isinstance(made, Tensor) else UNKNOWN
    if isinstance(given, Seq) and given.items and all(isinstance(one, Tensor) for one in given.items):
        first = given.items[0]
        return first if all(one == first for one in given.items) else Tensor(pixels.LOST)
    if not isinstance(given, Tensor):
        return Tensor(pixels.LOST, shape=None)
    return graph.through(machine, layer, given, args)


def _call_path(machine: Any, name: str, args: Arguments) -> Value:
    parts, last = name.split("."), name.rpartition(".")[2]
    if parts[0] in ("keras", "keras_applications"):
        found = _call_keras(machine, name, parts, last, args)
        if found is not None:
            return found
    if last == "ImageDataGenerator":
        return data.make_generator(machine, args)
    if parts[0] == "builtins":
        return _call_builtin(machine, last, args)
    if name in ("os.path.join", "pathlib.Path", "pathlib.PurePath", "pathlib.Path.joinpath"):
        return args.placed[-1] if len(args.placed) == 1 else _ending(args)
    if last in ("train_test_split",) and parts[0] == "sklearn":
        return data.split(machine, args)
    return _call_arrays(machine, name, last, args)


def _ending(args: Arguments) -> Value:
    ends = [one.value if isinstance(one, Const) else getattr(one, "end", "") for one in args.placed]
    return Text("/".join(str(end) for end in ends))


def _call_keras(machine: Any, name: str, parts: list[str], last: str, args: Arguments) -> Value | None:
    """Returns what something of Keras returns; None for what only moves arrays about."""
    place = parts[1] if len(parts) > 2 else ""
    if last in NETWORKS and place == "applications":
        return graph.make_network(machine, last, args)
    if last == "preprocess_input":
        return pixels.preprocessed(name, args)
    if last in ("Input",):
        shape = plain(args.get("shape", 0, UNKNOWN))
        return Tensor(Feed(), shape=shape if isinstance(shape, tuple) else None, is_input=True)
    if last == "Sequential":
        layers = args.get("layers", 0, Const(None))
        made = layers.items if isinstance(layers, Seq) else () if plain(layers) is None else UNKNOWN
        return _sequential(machine, made, args)
    if last == "Model" or name == "keras.models.Functional":
        return graph.make_model(machine, args)
    if last == "load_model":
        return graph.new_model(machine, args.node.lineno)
    if last == "load_data":
        return data.load_data(name, args.node.lineno)
    if last == "to_categorical":
        return data.to_categorical(args)
    if last == "image_dataset_from_directory":
        return data.directory(args)
    if place == "optimizers" and last in OPTIMIZERS and "legacy" not in parts:
        return _optimizer(machine, last, args)
    if place == "losses" and last[:1].isupper():
        return losses.make_loss(machine, last, args)
    if last in ("softmax", "sigmoid") and args.placed and isinstance(args.placed[0], Tensor):
        return graph.activated(args.placed[0], last)
    if place == "layers" and last[:1].isupper():
        return graph.make_layer(machine, last, args)
    return None


def _sequential(machine: Any, layers: Any, args: Arguments) -> Value:
    shape, inside = None, layers
    if isinstance(layers, tuple):
        inside = tuple(one for one in layers if not isinstance(one, Tensor))
        shape = next((one.shape for one in layers if isinstance(one, Tensor)), None)
    return graph.new_model(machine, args.node.lineno, layers=inside, shape=shape)


def _optimizer(machine: Any, name: str, args: Arguments) -> Value:
    if "lr" in args.named:
        machine.report(args.line("lr"), "old_rate", "old", optimizer=name)
    if "decay" in args.named:
        machine.report(args.line("decay"), "old_decay", "old", optimizer=name)
    return machine.state.new("optimizer", line=args.node.lineno)


def _call_builtin(machine: Any, name: str, args: Arguments) -> Value:
    first = args.placed[0] if args.placed else UNKNOWN
    if name == "setattr" and len(args.placed) >= 3 and plain(args.placed[1]) == SPELLED:
        freezing.set_trainable(machine, first, args.placed[2], args.node.lineno)
    if name in ("list", "tuple", "reversed", "sorted") and isinstance(first, Layers | Pixels | Seq):
        return first
    if name == "enumerate" and isinstance(first, Layers):
        return Seq((Seq((UNKNOWN, Each(first.owner, first.is_all))),))
    if name == "len" and isinstance(first, Seq):
        return Const(len(first.items))
    if name in ("int", "float", "str", "bool", "round") and isinstance(first, Const):
        return first if name != "str" else Const(str(first.value))
    return UNKNOWN


def _call_arrays(machine: Any, name: str, last: str, args: Arguments) -> Value:
    """Returns what a function of arrays returns; what nobody knows may have changed the models it was given."""
    given = args.placed[0] if args.placed else next(iter(args.named.values()), UNKNOWN)
    root = name.split(".")[0]
    if pixels.is_reading(name):
        return Pixels(Feed(is_raw=True), origin=(args.node.lineno,))
    if name.endswith("data.Dataset.from_tensor_slices"):
        return data.of_slices(args)
    if name in ("tensorflow_datasets.load", "tfds.load"):
        return data.tfds_load(args)
    if last == "one_hot":
        return data.one_hot(args)
    if last in ("softmax", "sigmoid") and isinstance(given, Tensor):
        return graph.activated(given, last)
    if root not in HARMLESS and root != "builtins":
        _taint(machine, args)
        return UNKNOWN
    operators = {"divide": "/", "multiply": "*", "subtract": "-", "add": "+", "true_divide": "/"}
    if last in operators and len(args.placed) == 2:
        return _operator(operators[last], args)
    if isinstance(given, Seq) and given.items and last in ("concatenate", "stack", "repeat", "array"):
        given = given.items[0] if all(one == given.items[0] for one in given.items) else UNKNOWN
    if last in pixels.SAME and isinstance(given, Pixels | Tensor | Labels):
        return given if last != "stack" else pixels.reshaped(given)
    if last in pixels.RESHAPED and not name.startswith("skimage"):
        return pixels.reshaped(given)
    return pixels.lost(given) if isinstance(given, Pixels | Tensor) else UNKNOWN


def _operator(sign: str, args: Arguments) -> Value:
    kinds = {"/": ast.Div, "*": ast.Mult, "-": ast.Sub, "+": ast.Add}
    return pixels.arithmetic(kinds[sign], args.placed[0], args.placed[1], args.node.lineno)


def _call_member(machine: Any, member: Member, args: Arguments) -> Value:
    """Returns what a method returns."""
    owner, name, line = member.owner, member.name, args.node.lineno
    record = machine.state.of(owner)
    if name in OLD_METHODS and not (record is not None and record["kind"] == "object"):
        machine.report(line, "old_method", "old", received=name, instead=OLD_METHODS[name])
    if record is not None:
        return _call_of(machine, owner, record, name, args)
    if isinstance(owner, Batches):
        return data.dataset_method(machine, owner, name, args)
    if isinstance(owner, Pixels | Labels | Tensor) and name in pixels.METHODS_SAME:
        return owner
    if isinstance(owner, Pixels | Labels) and name in pixels.METHODS_RESHAPED:
        return pixels.reshaped(owner)
    if isinstance(owner, Pixels | Tensor):
        return pixels.lost(owner)
    if isinstance(owner, Seq) and name in ("append", "extend", "insert"):
        return UNKNOWN
    _taint(machine, args)
    return UNKNOWN


def _call_of(machine: Any, owner: Ref, record: dict[str, Any], name: str, args: Arguments) -> Value:
    """Returns what a method of a model, generator or other object returns."""
    kind, line = record["kind"], args.node.lineno
    if kind == "generator" and name.startswith("flow"):
        return data.flow(machine, owner, name, args)
    if f"attr:{name}" in record or kind not in _LIKE_MODELS or (kind == "object" and not record.get("is_model")):
        return UNKNOWN
    if name == "compile":
        return training.compile_model(machine, owner, args)
    if name in training.FIT:
        for old, instead in OLD_FIT.items():
            if old in args.named and name != "fit_generator":
                machine.report(args.line(old), "old_argument", "old", received=old, instead=instead)
        return training.fit(machine, owner, name, args)
    if name in training.ASK:
        return training.ask(machine, owner, args)
    if name == "add" and kind == "model":
        return _add(machine, record, args)
    if name == "pop" and kind == "model":
        record["layers"] = UNKNOWN
    if name == "get_layer":
        return Each(owner, False)
    if name == SPELLED:
        machine.report(line, "trainable_called", "error")
    return UNKNOWN


def _add(machine: Any, record: dict[str, Any], args: Arguments) -> Value:
    layer, layers = args.get("layer", 0, UNKNOWN), record.get("layers")
    if isinstance(layer, Tensor) and layer.is_input:
        record["shape"] = layer.shape
    elif isinstance(layers, tuple):
        record["layers"] = (*layers, layer)
    return Const(None)


def construct(machine: Any, made: Class, args: Arguments) -> Value:
    """Returns an object of a class of the program; its `__init__` is read."""
    line = args.node.lineno
    methods = {one.name: one for one in made.node.body if isinstance(one, ast.FunctionDef)}
    begun = {"compiled": None, "fitted": None, "changed": None, "frozen": False} if made.is_model else {}
    own = machine.state.new("object", is_model=made.is_model, line=line, **begun)
    for name, node in methods.items():
        machine.state.heap[own.uid][f"attr:{name}"] = Function(node, own)
    if "__init__" in methods:
        machine.call_own(Function(methods["__init__"], own), args.placed, line, **args.named)
    return own


def _taint(machine: Any, args: Arguments) -> None:
    """Forgets what is known of models that were handed to something that nobody knows."""
    for value in (*args.placed, *args.named.values()):
        owner = value.owner if isinstance(value, Layers | Each) else value
        if machine.state.of(owner, "network", "model", "layer") is None:
            continue
        machine.is_freezing = True
        for uid in freezing.parts_of(machine, owner.uid):
            machine.state.heap[uid]["frozen"] = UNKNOWN
            if machine.state.heap[uid]["kind"] == "model":
                machine.state.heap[uid] |= {"fitted": None, "changed": None}
