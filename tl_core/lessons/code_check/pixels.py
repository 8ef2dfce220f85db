"""What happens to pixels on their way into a network: arithmetic, array functions, and `preprocess_input`."""

import ast
from dataclasses import replace

from tl_core.lessons.code_check.machine import Arguments
from tl_core.lessons.code_check.networks import MODES
from tl_core.lessons.code_check.values import (
    LOST,
    UNKNOWN,
    Batches,
    Const,
    Feed,
    Labels,
    Op,
    Pixels,
    Seq,
    Tensor,
    Value,
    plain,
)

# functions that give back the same pixels, of which the first argument are
SAME = frozenset(
    [
        "array",
        "asarray",
        "asanyarray",
        "cast",
        "convert_to_tensor",
        "float32",
        "float64",
        "uint8",
        "constant",
        "ascontiguousarray",
        "copy",
        "stack",
        "vstack",
        "concatenate",
        "identity",
        "shuffle",
        "stop_gradient",
        "list",
    ]
)
# the same, in another shape
RESHAPED = frozenset(
    [
        "expand_dims",
        "reshape",
        "repeat",
        "pad",
        "resize",
        "resize_with_pad",
        "resize_with_crop_or_pad",
        "smart_resize",
        "img_to_array",
        "transpose",
        "squeeze",
        "tile",
        "grayscale_to_rgb",
        "central_crop",
        "crop_to_bounding_box",
        "random_flip_left_right",
        "random_flip_up_down",
        "random_crop",
        "flip_left_right",
        "rot90",
        "cvtColor",
        "set_shape",
        "ensure_shape",
        "moveaxis",
        "crop",
        "convert",
    ]
)
METHODS_SAME = frozenset(["astype", "copy", "numpy", "to_list", "tolist"])
METHODS_RESHAPED = frozenset(
    ["reshape", "resize", "transpose", "squeeze", "ravel", "flatten", "convert", "repeat", "crop", "set_shape"]
)
READ = frozenset({"load_img", "imread", "decode_jpeg", "decode_png", "decode_image", "decode_bmp", "open"})
"""Functions that read a picture as 0 to 255, of the libraries that `is_reading` names."""


def is_reading(name: str) -> bool:
    """Says whether a library's function reads a picture file as 0 to 255 for sure."""
    return name in ("PIL.Image.open", "cv2.imread") or (
        name.rpartition(".")[2] in READ and name.startswith(("keras.", "tensorflow.image.", "tensorflow.io."))
    )


def changed(value: Value, op: Op) -> Value:
    """Returns pixels after something was done to them."""
    if isinstance(value, Pixels | Tensor):
        return replace(value, feed=value.feed.then(op))
    return UNKNOWN


def lost(value: Value) -> Value:
    """Returns pixels after something was done to them that nobody knows."""
    if isinstance(value, Batches):
        return replace(value, pixels=replace(value.pixels, feed=LOST), labels=Labels())
    if isinstance(value, Labels):
        return Labels(role=value.role, origin=value.origin)
    if isinstance(value, Tensor):
        return replace(value, feed=LOST, head=None)
    return replace(value, feed=LOST, shape=None) if isinstance(value, Pixels) else UNKNOWN


def reshaped(value: Value) -> Value:
    """Returns the same pixels or labels in a shape that is not known."""
    if isinstance(value, Pixels):
        return replace(value, shape=None)
    return replace(value, head=None) if isinstance(value, Tensor) else value


def arithmetic(kind: type, left: Value, right: Value, line: int) -> Value:
    """Returns what an operator makes of two values."""
    first, second = plain(left), plain(right)
    if first is not UNKNOWN and second is not UNKNOWN:
        return _computed(kind, first, second)
    if isinstance(left, Pixels | Tensor):
        op = _affine(kind, second, line) if isinstance(second, int | float) else None
        return changed(left, op or Op("unknown", line=line))
    if isinstance(right, Pixels | Tensor):
        is_number = isinstance(first, int | float) and kind in (ast.Mult, ast.Add)
        op = _affine(kind, first, line) if is_number else None
        return changed(right, op or Op("unknown", line=line))
    if isinstance(left, Seq) and isinstance(right, Seq) and kind is ast.Add:
        return Seq(left.items + right.items)
    return lost(left) if isinstance(left, Batches | Labels) else UNKNOWN


def _affine(kind: type, number: float, line: int) -> Op | None:
    if kind is ast.Div and number:
        return Op("affine", 1 / number, 0.0, line=line)
    if kind is ast.Mult:
        return Op("affine", float(number), 0.0, line=line)
    if kind in (ast.Add, ast.Sub):
        return Op("affine", 1.0, float(number) if kind is ast.Add else -float(number), line=line)
    return None


def _computed(kind: type, first: object, second: object) -> Value:
    """Returns what is computed of two plain values; nothing that could become large."""
    numbers = isinstance(first, int | float) and isinstance(second, int | float)
    texts = isinstance(first, str) and isinstance(second, str)
    a, b = first, second
    try:
        if kind is ast.Add and ((numbers) or texts):
            return Const(a + b)  # type: ignore[operator]
        if kind is ast.Add and isinstance(a, tuple) and isinstance(b, tuple):
            return Seq(tuple(map(_wrapped, a + b)))
        if numbers and kind in _COMPUTED and abs(a) < 1e12 and abs(b) < 1e12:  # type: ignore[arg-type]
            return Const(_COMPUTED[kind](a, b))
    except (ZeroDivisionError, OverflowError, TypeError):
        return UNKNOWN
    return UNKNOWN


_COMPUTED = {
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}


def _wrapped(value: object) -> Value:
    return Seq(tuple(map(_wrapped, value))) if isinstance(value, tuple) else Const(value)


def preprocessed(name: str, args: Arguments) -> Value:
    """Returns what a `preprocess_input` makes of its argument, by the function's whole name."""
    given = args.get("x", 0, UNKNOWN)
    mode = mode_of(name)
    if name == "keras.applications.imagenet_utils.preprocess_input":
        asked = plain(args.get("mode", 2, Const("caffe")))
        mode = asked if asked in ("caffe", "tf", "torch") else ""
    return changed(given, prepared(mode, args.node.lineno))


def mode_of(name: str) -> str:
    """Returns what the `preprocess_input` of a module is for; "" where that is not known."""
    module = name.split(".")[-2] if "." in name else ""
    return "caffe" if module == "imagenet_utils" else MODES.get(module, "")


def prepared(mode: str, line: int) -> Op:
    return Op("prep", mode=mode, line=line) if mode else Op("unknown", line=line)


def outcome(feed: Feed) -> tuple[str, Op | None]:
    """Returns what pixels have become on their way, and the step that made them so.

    Returns:
        "raw", "unit" (0 to 1), "tf" (−1 to 1), "caffe", "torch"; "twice" for two ways of preprocessing on top of each
        other; or "" where that is not known.
    """
    kind, low, high, last = "plain", 0.0, 255.0, None
    has_begun = feed.is_raw or bool(feed.ops)
    for op in feed.ops:
        if op.kind == "unknown":
            return "", None
        if op.kind == "affine":
            if kind != "plain":
                return ("twice", op) if 1e-4 < op.a < 0.1 else ("", None)
            low, high = low * op.a + op.b, high * op.a + op.b
            last = op
        elif op.mode != "raw":
            if kind != "plain" or _range(low, high) in ("unit", "tf"):
                return "twice", op
            if _range(low, high) != "raw":
                return "", None
            kind, low, high, last = ("plain", -1.0, 1.0, op) if op.mode == "tf" else (op.mode, 0.0, 0.0, op)
    if not has_begun:
        return "", None
    return (_range(low, high) if kind == "plain" else kind), last


def _range(low: float, high: float) -> str:
    known = {"raw": (0.0, 255.0), "unit": (0.0, 1.0), "tf": (-1.0, 1.0)}
    for name, (first, last) in known.items():
        if abs(low - first) <= 0.02 * (last - first) and abs(high - last) <= 0.02 * (last - first):
            return name
    return ""


def verdict(wants: str, feed: Feed) -> tuple[str, Op | None] | None:
    """Returns what is wrong with the pixels that reach a network, and where; None where nothing is, for sure.

    Args:
        wants: As `networks.NetworkInfo.wants`; "" for a network of which nothing is said.
        feed: From the data to the network.
    """
    found, op = outcome(feed)
    if not wants or not found or found == wants:
        return None
    if found == "twice":
        return "scaled_twice", op
    if found == "raw":
        return ("no_preprocessing", op) if feed.is_raw else None
    if wants == "raw":
        return "rescales_itself", op
    if found == "unit":
        return "unit_pixels", op
    return "other_preprocessing", op
