"""Networks, layers and models: how they are made, how they are put together, and what is frozen in them."""

from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check.machine import Arguments, Machine
from tl_core.lessons.code_check.networks import NETWORKS, NetworkInfo
from tl_core.lessons.code_check.values import (
    LOST,
    UNKNOWN,
    Const,
    Each,
    Feed,
    Head,
    Layers,
    Op,
    Path,
    Ref,
    Seq,
    Tensor,
    Value,
    plain,
)

PASSING = frozenset(
    [
        "Resizing",
        "CenterCrop",
        "RandomCrop",
        "RandomFlip",
        "RandomRotation",
        "RandomZoom",
        "RandomTranslation",
        "RandomHeight",
        "RandomWidth",
        "RandomContrast",
        "RandomBrightness",
        "RandomShear",
        "RandomSharpness",
        "RandomColorJitter",
        "RandomHue",
        "RandomSaturation",
        "RandomGrayscale",
        "RandomErasing",
        "RandomPerspective",
        "RandAugment",
        "AugMix",
        "Dropout",
        "GaussianNoise",
        "InputLayer",
        "Identity",
        "ZeroPadding2D",
        "Cropping2D",
        "UpSampling2D",
    ]
)
"""Layers that leave the range of pixels as it is."""
KEEPS_HEAD = frozenset({"Dropout", "Identity", "ActivityRegularization"})
ACTIVATIONS = ("softmax", "sigmoid", "relu", "linear", "tanh")


def make_network(machine: Machine, name: str, args: Arguments) -> Value:
    """Returns a network of `keras.applications`, and says what Keras refuses of how it is asked for."""
    info, line = NETWORKS[name], args.node.lineno
    is_open = not args.is_whole
    has_top = plain(args.get("include_top", 0, UNKNOWN if is_open else Const(True)))
    weights = plain(args.get("weights", 1, UNKNOWN if is_open else Const("imagenet")))
    source = args.get("input_tensor", 2, Const(None))
    shape = plain(args.get("input_shape", 3, UNKNOWN if is_open else Const(None)))
    shape = tuple(shape) if isinstance(shape, tuple) else shape
    classes = plain(args.get("classes", None, UNKNOWN if is_open else Const(None)))
    is_imagenet, is_free = weights == "imagenet", plain(source) is None and isinstance(source, Const)
    if has_top is True and is_imagenet:
        if isinstance(classes, int) and classes != 1000:
            machine.report(line, "top_classes", "error", network=name, classes=classes)
        elif isinstance(shape, tuple) and shape != (info.size, info.size, 3):
            machine.report(line, "top_shape", "error", network=name, size=info.size)
    elif has_top is False and isinstance(shape, tuple) and is_free:
        _check_shape(machine, args, name, info, shape, is_imagenet=is_imagenet)
    tensor = source if isinstance(source, Tensor) else Tensor(Feed()) if is_free else Tensor(LOST)
    own_processing = plain(args.get("include_preprocessing", None, Const(True)))
    wants = info.wants if info.wants != "raw" or own_processing is True else ""
    return machine.state.new(
        "network",
        name=name,
        wants=wants if is_imagenet else "",
        is_pretrained=is_imagenet,
        has_batchnorm=info.has_batchnorm,
        has_top=has_top,
        shape=shape if isinstance(shape, tuple) else tensor.shape,
        source=tensor,
        line=line,
        frozen=False,
    )


def _check_shape(
    machine: Machine, args: Arguments, name: str, info: NetworkInfo, shape: tuple, *, is_imagenet: bool
) -> None:
    line = args.line("input_shape", 3)
    sides = [side for side in shape[:2] if isinstance(side, int)]
    if len(shape) == 2 or (
        len(shape) == 3 and is_imagenet and isinstance(shape[2], int) and shape[2] != 3 and shape[0] not in (1, 3)
    ):
        machine.report(line, "shape_channels", "error", network=name, received=str(shape))
    elif len(shape) == 3 and shape[0] not in (1, 3) and sides and min(sides) < info.smallest:
        machine.report(line, "shape_small", "error", network=name, received=min(sides), low=info.smallest)


def output_of(machine: Machine, ref: Ref) -> Tensor:
    """Returns the output of a network or model that stands alone."""
    record = machine.state.heap[ref.uid]
    if record["kind"] == "network":
        source: Tensor = record["source"]
        nets = (*source.nets, (ref.uid, source.feed, False, record["line"]))
        top = record["line"] if record["has_top"] is True and record["is_pretrained"] else 0
        return Tensor(LOST, nets, source.parts | {ref.uid}, None, record["shape"], top=top)
    if record["kind"] == "model" and isinstance(record.get("layers"), tuple):
        return _through_all(machine, record["layers"], Tensor(Feed(), shape=record.get("shape"), is_input=True))
    found = record.get("output")
    return found if isinstance(found, Tensor) else Tensor(LOST)


def _through_all(machine: Machine, layers: tuple, tensor: Tensor) -> Tensor:
    for layer in layers:
        machine.step()
        made = through(machine, layer, tensor, None)
        if not isinstance(made, Tensor):
            return Tensor(LOST, tensor.nets, tensor.parts)
        tensor = made
    return tensor


def through(machine: Machine, layer: Value, given: Value, args: Arguments | None) -> Value:
    """Returns what a layer, network or model makes of a tensor."""
    record = machine.state.of(layer, "layer", "network", "model")
    if record is None or not isinstance(given, Tensor):
        return Tensor(LOST, given.nets, given.parts) if isinstance(given, Tensor) else UNKNOWN
    if record["kind"] == "network":
        is_training = args is not None and plain(args.get("training", None, Const(None))) is True
        top = record["line"] if record["has_top"] is True and record["is_pretrained"] else 0
        line = args.node.lineno if args is not None else record["line"]
        if not record["source"].feed.ops:
            nets = (*given.nets, (layer.uid, given.feed, is_training, line))
        else:
            nets = (*given.nets, (layer.uid, given.feed.then(*record["source"].feed.ops), is_training, line))
        is_first = given.is_input and not given.parts
        shape = given.shape or (record["shape"] if is_first else None)
        return Tensor(LOST, nets, given.parts | record["source"].parts | {layer.uid}, None, shape, top=top)
    if record["kind"] == "model":
        return _through_model(machine, layer, given, args)
    return _through_layer(machine, layer, record, given)


def _through_model(machine: Machine, ref: Ref, given: Tensor, args: Arguments | None) -> Tensor:
    inner = output_of(machine, ref)
    is_training = args is not None and plain(args.get("training", None, Const(None))) is True
    nets = tuple((uid, given.feed.then(*feed.ops), t or is_training, line) for uid, feed, t, line in inner.nets)
    feed = given.feed.then(*inner.feed.ops)
    return Tensor(feed, given.nets + nets, given.parts | inner.parts | {ref.uid}, inner.head, given.shape)


def _through_layer(machine: Machine, ref: Ref, record: dict[str, Any], given: Tensor) -> Value:
    name, made = record["name"], replace(given, parts=given.parts | {ref.uid}, is_input=False)
    if name == "Rescaling":
        scale, offset = plain(record["scale"]), plain(record["offset"])
        if isinstance(scale, int | float) and isinstance(offset, int | float):
            return replace(made, feed=given.feed.then(Op("affine", scale, offset, line=record["line"])))
        return replace(made, feed=given.feed.then(Op("unknown")))
    if name == "Lambda":
        found = machine.call_own(record["function"], [given], record["line"])
        return replace(found, parts=found.parts | {ref.uid}) if isinstance(found, Tensor) else replace(made, feed=LOST)
    if name == "Dense":
        if given.top:
            machine.report(record["line"], "top_kept", "trap", given.top)
        made = replace(made, top=0)
        return replace(made, feed=LOST, head=Head(record["units"], record["activation"], record["line"]))
    if name in ("Activation", "Softmax"):
        return activated(made, record["activation"])
    if name in PASSING and name not in KEEPS_HEAD:
        return replace(made, head=None)
    top = given.top if name == "Flatten" else 0
    return made if name in KEEPS_HEAD else replace(made, feed=LOST, head=None, top=top)


def activated(tensor: Tensor, activation: str | None) -> Tensor:
    """Returns a tensor behind an activation of its own."""
    if activation == "linear" or tensor.head is None:
        return tensor
    old = tensor.head.activation
    both = activation if old in ("", "linear") else None
    return replace(tensor, head=replace(tensor.head, activation=both), feed=LOST)


def make_layer(machine: Machine, name: str, args: Arguments) -> Value:
    """Returns a layer."""
    line = args.node.lineno
    fields: dict[str, Any] = {"name": name, "line": line, "frozen": plain(args.get("trainable")) is False}
    if "trainable" in args.named:
        machine.is_freezing = True
    if name == "Dense":
        units = plain(args.get("units", 0, UNKNOWN))
        fields |= {"units": units if isinstance(units, int) else None, "activation": _activation(args, 1)}
        if units == 1 and fields["activation"] == "softmax":
            machine.report(args.line("activation", 1), "softmax_one", "trap")
    elif name == "Activation":
        fields["activation"] = _activation(args, 0)
    elif name == "Softmax":
        fields["activation"] = "softmax"
    elif name == "Rescaling":
        fields |= {"scale": args.get("scale", 0, UNKNOWN), "offset": args.get("offset", 1, Const(0.0))}
    elif name == "Lambda":
        fields["function"] = args.get("function", 0, UNKNOWN)
    return machine.state.new("layer", **fields)


def _activation(args: Arguments, place: int) -> str | None:
    """Returns the activation that is asked for; "" for none, None for one that is not known."""
    if not args.is_whole and "activation" not in args.named:
        return None
    value = args.get("activation", place, Const(None))
    if isinstance(value, Path):
        return "" if value.last == "linear" else value.last
    found = plain(value)
    return "" if found in (None, "linear") else found if found in ACTIVATIONS else None


def make_model(machine: Machine, args: Arguments) -> Value:
    """Returns a model of inputs and outputs."""
    for old, new in (("input", "inputs"), ("output", "outputs")):
        if old in args.named:
            machine.report(args.line(old), "old_argument", "old", received=old, instead=new)
    inputs = args.get("inputs", 0, args.get("input", None, UNKNOWN))
    outputs = args.get("outputs", 1, args.get("output", None, UNKNOWN))
    refuse_layers(machine, inputs, args.line("inputs", 0))
    if refuse_layers(machine, outputs, args.line("outputs", 1)):
        outputs = meant(machine, outputs)
    if isinstance(outputs, Seq) and len(outputs.items) == 1:
        outputs = outputs.items[0]
    tensor = outputs if isinstance(outputs, Tensor) else Tensor(LOST)
    if isinstance(inputs, Tensor) and inputs.feed.ops:  # begins inside
        nets = tuple((uid, LOST, training, line) for uid, _, training, line in tensor.nets)
        tensor = replace(tensor, nets=nets)
    return new_model(machine, args.node.lineno, output=tensor)


def new_model(machine: Machine, line: int, **fields: Any) -> Ref:
    """Returns a model that was neither compiled nor trained."""
    begun = {"compiled": None, "fitted": None, "changed": None, "frozen": False, "line": line}
    return machine.state.new("model", **(begun | fields))


def refuse_layers(machine: Machine, value: Value, line: int) -> bool:
    """Says of layers, and lists of them, where a tensor is needed."""
    values = value.items if isinstance(value, Seq) else (value,)
    for one in values:
        if isinstance(one, Layers | Each) or machine.state.of(one, "network", "layer"):
            machine.report(line, "layers_no_tensor", "error", is_list=isinstance(one, Layers))
            return True
    return False


def meant(machine: Machine, value: Value) -> Tensor:
    """Returns the tensor that was meant where a layer was given, so that the rest can be read."""
    one = value.items[0] if isinstance(value, Seq) and value.items else value
    owner: Any = one.owner if isinstance(one, Layers | Each) else one
    whole = output_of(machine, owner) if machine.state.of(owner, "network", "model") else Tensor(LOST)
    return replace(whole, feed=LOST, head=None, top=0)
