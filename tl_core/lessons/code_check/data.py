"""Where pictures and labels come from: Keras' data sets, generators over folders, `tf.data`."""

import ast
import re
from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check.machine import Arguments, Machine
from tl_core.lessons.code_check.networks import CLASSES, SHAPES
from tl_core.lessons.code_check.pixels import lost, mode_of, prepared
from tl_core.lessons.code_check.values import (
    LOST,
    UNKNOWN,
    Batches,
    Const,
    Feed,
    Function,
    Labels,
    Op,
    Path,
    Pixels,
    Ref,
    Seq,
    Text,
    Value,
    plain,
)

_MOVING = [
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "horizontal_flip",
    "vertical_flip",
]
_STANDARD = [
    "featurewise_center",
    "samplewise_center",
    "featurewise_std_normalization",
    "samplewise_std_normalization",
    "zca_whitening",
]
_ROLES = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_ROLES |= dict.fromkeys(("val", "valid", "validation", "validate", "dev"), "validation")
KEEPING = frozenset(
    [
        "batch",
        "prefetch",
        "cache",
        "repeat",
        "take",
        "skip",
        "unbatch",
        "with_options",
        "ignore_errors",
        "shard",
        "filter",
        "enumerate_",
        "interleave_",
    ]
)
"""Methods of a `tf.data.Dataset` that leave pictures and labels as they are."""


def load_data(name: str, line: int) -> Value:
    """Returns what `load_data` of one of Keras' data sets returns."""
    data_set = name.split(".")[-2]
    if data_set not in CLASSES:
        return UNKNOWN

    def half(role: str) -> Seq:
        origin = (line, data_set, role)
        pixels = Pixels(Feed(is_raw=True), SHAPES[data_set], role, origin)
        return Seq((pixels, Labels("int", CLASSES[data_set], role, origin)))

    return Seq((half("train"), half("test")))


def to_categorical(args: Arguments) -> Value:
    """Returns labels as rows of zeros and a one."""
    given = args.get("x", 0, args.get("y", None, UNKNOWN))
    asked = plain(args.get("num_classes", 1, Const(None)))
    labels = given if isinstance(given, Labels) else Labels()
    n = asked if isinstance(asked, int) else labels.n if asked is None else None
    return replace(labels, kind="onehot", n=n)


def split(machine: Machine, args: Arguments) -> Value:
    """Returns what `train_test_split` returns: of each array two parts."""
    parts: list[Value] = []
    for value in args.placed:
        for role in ("train", "held out"):
            origin = (args.node.lineno, role)
            is_one = isinstance(value, Pixels | Labels)
            parts.append(replace(value, role=role, origin=origin) if is_one else Pixels(LOST, None, role, origin))
    return Seq(tuple(parts)) if args.is_whole else UNKNOWN


def make_generator(machine: Machine, args: Arguments) -> Value:
    """Returns an `ImageDataGenerator`."""
    line = args.node.lineno
    if args.placed and (isinstance(args.placed[0], Path | Function)):
        machine.report(line, "generator_by_place", "trap")
    is_known = args.is_whole and not args.placed
    standard = any(plain(args.get(name, None, Const(False))) is not False for name in _STANDARD)
    ops = [Op("unknown")] if standard or not is_known else []
    ops += _function_ops(machine, args)
    scale = plain(args.get("rescale", None, Const(None)))
    if isinstance(scale, int | float) and scale:
        ops.append(Op("affine", float(scale), 0.0, line=args.line("rescale")))
    elif scale is not None and scale != 0:
        ops.append(Op("unknown"))
    moving = any(plain(args.get(name)) not in (UNKNOWN, None, False, 0, 0.0) for name in _MOVING)
    return machine.state.new("generator", ops=tuple(ops), is_augmented=moving, line=line)


def _function_ops(machine: Machine, args: Arguments) -> list[Op]:
    function, line = args.get("preprocessing_function", None, Const(None)), args.line("preprocessing_function")
    if isinstance(function, Const) and function.value is None:
        return []
    if isinstance(function, Path) and function.last == "preprocess_input":
        return [prepared(mode_of(function.name), line)]
    if isinstance(function, Function):
        made = machine.call_own(function, [Pixels(Feed(is_raw=True))], line)
        return list(made.feed.ops) if isinstance(made, Pixels) else [Op("unknown")]
    return [Op("unknown")]


def flow(machine: Machine, generator: Ref, name: str, args: Arguments) -> Value:
    """Returns the batches of a generator."""
    record, line = machine.state.heap[generator.uid], args.node.lineno
    shuffle = plain(args.get("shuffle", 2 if name == "flow" else None, Const(True)))
    is_shuffled = bool(shuffle) if isinstance(shuffle, bool | int) else None
    is_shuffled = is_shuffled if args.is_whole else None
    common = Batches(line=line, is_shuffled=is_shuffled, is_augmented=record["is_augmented"], maker=record["line"])
    if not args.is_whole:
        return common
    if name == "flow":
        pixels, labels = args.get("x", 0, UNKNOWN), args.get("y", 1, UNKNOWN)
        made = replace(pixels, feed=pixels.feed.then(*record["ops"])) if isinstance(pixels, Pixels) else Pixels()
        labels = labels if isinstance(labels, Labels) else Labels()
        return replace(common, pixels=made, labels=labels, kind="flow")
    return _of_folder(record, name, args, common)


def _of_folder(record: dict[str, Any], name: str, args: Arguments, common: Batches) -> Batches:
    is_directory = name == "flow_from_directory"
    size = plain(args.get("target_size", 1 if is_directory else None, Const((256, 256))))
    colour = plain(args.get("color_mode", 2 if is_directory else None, Const("rgb")))
    channels = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(colour if isinstance(colour, str) else "")
    shape = (*size, channels) if isinstance(size, tuple) and len(size) == 2 and channels else None
    mode = plain(args.get("class_mode", 4 if is_directory else None, Const("categorical")))
    classes = plain(args.get("classes", 3 if is_directory else None, Const(None)))
    n = len(classes) if isinstance(classes, tuple) else None
    kind = {"categorical": "onehot", "sparse": "int", "binary": "int"}.get(mode if isinstance(mode, str) else "")
    origin, role = _origin(args, common.line)
    feed = Feed(is_raw=True).then(*record["ops"])
    pixels = Pixels(feed, shape, role, origin)
    n = 2 if mode == "binary" and n is None else n
    return replace(common, pixels=pixels, labels=Labels(kind, n, role, origin), kind="directory")


def _origin(args: Arguments, line: int) -> tuple[tuple, str | None]:
    """Returns where the pictures of a folder come from, and what its name, or the name of its variable, says."""
    folder = args.get("directory", 0, UNKNOWN)
    subset = plain(args.get("subset", None, Const(None)))
    if subset is not None:
        return (line, str(subset)), {"training": "train", "validation": "validation"}.get(str(subset))
    text = folder.value if isinstance(folder, Const) and isinstance(folder.value, str) else None
    text = folder.end if isinstance(folder, Text) else text
    if text is None and args.node.args and isinstance(args.node.args[0], ast.Name):
        text = args.node.args[0].id
    return (line, text), role_of(text or "")


def role_of(text: str) -> str | None:
    """Returns which split a path or a name speaks of, by its last folder that names one; None for none or several."""
    for part in reversed(re.split(r"[/\\]+", text)):
        found = {_ROLES[word] for word in re.split(r"[^a-z]+", part.lower()) if word in _ROLES}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def directory(args: Arguments) -> Value:
    """Returns what `image_dataset_from_directory` returns."""
    line, subset = args.node.lineno, plain(args.get("subset", None, Const(None)))
    if not args.is_whole:
        return UNKNOWN
    mode = plain(args.get("label_mode", 2, Const("int")))
    kind = {"int": "int", "categorical": "onehot", "binary": "int"}.get(mode if isinstance(mode, str) else "")
    size = plain(args.get("image_size", 6, Const((256, 256))))
    colour = plain(args.get("color_mode", 4, Const("rgb")))
    channels = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(colour if isinstance(colour, str) else "")
    shape = (*size, channels) if isinstance(size, tuple) and len(size) == 2 and channels else None
    classes = plain(args.get("class_names", 3, Const(None)))
    n = len(classes) if isinstance(classes, tuple) else 2 if mode == "binary" else None
    shuffle = plain(args.get("shuffle", 7, Const(True)))
    is_shuffled = bool(shuffle) if isinstance(shuffle, bool | int) and "labels" not in args.named else None
    if subset == "both":
        halves = (Batches(Pixels(Feed(is_raw=True), shape), Labels(kind, n), line) for _ in range(2))
        return Seq(tuple(halves))
    origin, role = _origin(args, line)
    pixels = Pixels(Feed(is_raw=True), shape, role, origin)
    return Batches(pixels, Labels(kind, n, role, origin), line, is_shuffled, kind="directory")


def dataset_method(machine: Machine, batches: Batches, name: str, args: Arguments) -> Value:
    """Returns what a method of a `tf.data.Dataset` returns."""
    if name == "shuffle":
        return replace(batches, is_shuffled=True)
    if name in KEEPING:
        return batches
    if name in ("map", "apply") and name == "map":
        return _mapped(machine, batches, args)
    return UNKNOWN


def _mapped(machine: Machine, batches: Batches, args: Arguments) -> Value:
    function = args.get("map_func", 0, UNKNOWN)
    given = [batches.pixels, batches.labels]
    made = machine.call_own(function, given, args.node.lineno) if isinstance(function, Function) else UNKNOWN
    if isinstance(made, Seq) and len(made.items) >= 2:
        pixels, labels = made.items[:2]
        pixels = (
            pixels if isinstance(pixels, Pixels) else Pixels(LOST, None, batches.pixels.role, batches.pixels.origin)
        )
        return replace(batches, pixels=pixels, labels=labels if isinstance(labels, Labels) else Labels())
    return lost(batches)


def one_hot(args: Arguments) -> Value:
    """Returns what `tf.one_hot` returns."""
    labels, depth = args.get("indices", 0, UNKNOWN), plain(args.get("depth", 1, UNKNOWN))
    labels = labels if isinstance(labels, Labels) else Labels()
    return replace(labels, kind="onehot", n=depth if isinstance(depth, int) else None)


def of_slices(args: Arguments) -> Value:
    """Returns a data set of arrays."""
    given = args.get("tensors", 0, UNKNOWN)
    if isinstance(given, Seq) and len(given.items) == 2:
        pixels, labels = given.items
        if isinstance(pixels, Pixels):
            labels = labels if isinstance(labels, Labels) else Labels()
            return Batches(pixels, labels, args.node.lineno, is_shuffled=None)
    return Batches(line=args.node.lineno)


def tfds_load(args: Arguments) -> Value:
    """Returns what `tfds.load` returns: a data set for each split, its pictures as 0 to 255."""
    splits = plain(args.get("split", 1, Const(None)))
    if plain(args.get("as_supervised")) is not True or splits in (UNKNOWN, None):
        return UNKNOWN

    def of(name: object, place: int) -> Batches:
        role = role_of(str(name).partition("[")[0])
        origin = (args.node.lineno, "tfds", place)
        pixels = Pixels(Feed(is_raw=True), None, role, origin)
        return Batches(pixels, Labels("int", None, role, origin), args.node.lineno, kind="tfds")

    made = Seq(tuple(of(name, n) for n, name in enumerate(splits))) if isinstance(splits, tuple) else of(splits, 0)
    return Seq((made, UNKNOWN)) if plain(args.get("with_info")) is True else made
