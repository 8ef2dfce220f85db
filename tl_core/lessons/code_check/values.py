"""What a name can stand for while a program is read, without running it: what is not known for sure is `UNKNOWN`."""

import ast
from dataclasses import dataclass, field, replace
from typing import Any


class _Unknown:
    """Nothing is known of it, and nothing is said of it."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
Value = Any
"""One of the classes below, or `UNKNOWN`."""


@dataclass(frozen=True)
class Const:
    """A number, a text, True, False or None."""

    value: Any

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Seq:
    """A list or tuple whose items are all there."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Path:
    """Something of a library, by its name from the module on, such as "keras.layers.Dense"."""

    name: str

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Text:
    """A text of which only the end is known, such as the last folder of a path."""

    end: str


@dataclass(frozen=True)
class Ref:
    """An object that can change: a network, layer, model, optimizer, loss, generator, list or own object."""

    uid: int


@dataclass(frozen=True)
class Member:
    """A method or attribute of something."""

    owner: Value
    name: str


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the program itself."""

    node: Any
    owner: Ref | None = None


@dataclass(frozen=True, eq=False)
class Class:
    """A class of the program itself. Attributes: its node; whether it is a kind of Keras model."""

    node: ast.ClassDef
    is_model: bool
    is_keras: bool


@dataclass(frozen=True)
class Layers:
    """The list of layers of a network or model, or a part of it."""

    owner: Ref
    is_all: bool = True


@dataclass(frozen=True)
class Each:
    """A layer of a network or model: in turn each of all, or some."""

    owner: Ref
    is_all: bool


@dataclass(frozen=True)
class Op:
    """Something done to pixels.

    Attributes:
        kind: "affine", times `a` plus `b`; "prep", a `preprocess_input`; or "unknown".
        mode: What the `preprocess_input` is for: "caffe", "tf", "torch" or "raw"; and of which module it is.
        line: Where.
    """

    kind: str
    a: float = 1.0
    b: float = 0.0
    mode: str = ""
    line: int = 0


@dataclass(frozen=True)
class Feed:
    """Pixels on their way: whether they begin as 0 to 255 for sure, and what is done to them."""

    is_raw: bool = False
    ops: tuple[Op, ...] = ()

    def then(self, *ops: Op) -> "Feed":
        return replace(self, ops=self.ops + ops)

    @property
    def is_known(self) -> bool:
        return all(op.kind != "unknown" for op in self.ops)


LOST = Feed(ops=(Op("unknown"),))
"""Pixels of which nothing is known any more."""


@dataclass(frozen=True)
class Head:
    """The last layer with weights: its units, its activation ("" for none), None where not known; and its line."""

    units: int | None
    activation: str | None
    line: int


@dataclass(frozen=True)
class Tensor:
    """What goes through a network's graph.

    Attributes:
        feed: Pixels, from the input of the graph on.
        nets: (network, its pixels, whether it was called with training=True, line of the call), …
        parts: Layers, networks and models that it came through.
        head: The last layer with weights; None where not known.
        shape: Of the input it came from; None where not known.
        is_input: Whether it is the input itself.
        top: Line of the network whose own classifier said it; 0: none did.
    """

    feed: Feed = Feed()
    nets: tuple = ()
    parts: frozenset = frozenset()
    head: Head | None = None
    shape: tuple | None = None
    is_input: bool = False
    top: int = 0


@dataclass(frozen=True)
class Labels:
    """Labels of pictures.

    Attributes:
        kind: "int" or "onehot"; None where not known.
        n: How many classes there are; None where not known.
        role: As of `Pixels`.
        origin: As of `Pixels`.
    """

    kind: str | None = None
    n: int | None = None
    role: str | None = None
    origin: tuple = ()


@dataclass(frozen=True)
class Pixels:
    """Pictures as an array, without labels.

    Attributes:
        role: "train", "validation" or "test" where the program or its data set says so; None.
        origin: Where they come from; equal for the same pictures.
        shape: Of one picture; None where not known.
    """

    feed: Feed = LOST
    shape: tuple | None = None
    role: str | None = None
    origin: tuple = ()


@dataclass(frozen=True)
class Batches:
    """Pictures with labels: a flow of a generator, or a `tf.data.Dataset`.

    Attributes:
        pixels: The pictures.
        labels: Their labels.
        line: Where it was made.
        is_shuffled: None where not known.
        is_augmented: Whether pictures are changed at random for sure.
        kind: "flow", "directory", "tfds" or "".
        maker: Line of the generator that makes them; 0: none does.
    """

    pixels: Pixels = field(default_factory=Pixels)
    labels: Labels = field(default_factory=Labels)
    line: int = 0
    is_shuffled: bool | None = None
    is_augmented: bool = False
    kind: str = ""
    maker: int = 0


def plain(value: Value) -> Any:
    """Returns what a value is as plain data, `UNKNOWN` where that is not known."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Seq):
        items = tuple(plain(item) for item in value.items)
        return UNKNOWN if any(item is UNKNOWN for item in items) else items
    return UNKNOWN


def joined(first: Value, second: Value) -> Value:
    """Returns what holds of either of two values."""
    if first is second or (type(first) is type(second) and first == second):
        return first
    return UNKNOWN
