"""What an expression of a program stands for."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tl_core.lessons.code_check import names
from tl_core.lessons.code_check.attributes import attribute
from tl_core.lessons.code_check.calls import call
from tl_core.lessons.code_check.machine import Arguments
from tl_core.lessons.code_check.pixels import arithmetic
from tl_core.lessons.code_check.state import State
from tl_core.lessons.code_check.values import (
    UNKNOWN,
    Batches,
    Const,
    Each,
    Function,
    Labels,
    Layers,
    Path,
    Pixels,
    Seq,
    Text,
    Value,
    joined,
    plain,
)

_COMPARED = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Gt: lambda a, b: a > b,
    ast.Lt: lambda a, b: a < b,
    ast.GtE: lambda a, b: a >= b,
    ast.LtE: lambda a, b: a <= b,
}


class Expressions:
    """Evaluates expressions; what it does not know is `UNKNOWN`, but all that is in it is looked at."""

    report: Any
    call_own: Any
    step: Any
    bind: Any

    def __init__(self) -> None:
        self.state = State()
        self.in_some = False
        self.tests: dict[tuple, int] = {}
        self.validations: list[tuple[tuple, int, str]] = []
        self.trained: dict[int, int] = {}
        self.is_freezing = False
        self.stars: list[str] = []
        self.steps = 0

    def evaluate(self, node: ast.AST | None) -> Value:
        if node is None:
            return UNKNOWN
        self.step()
        known = getattr(self, f"_{type(node).__name__}", None)
        if known is not None:
            return known(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
        return UNKNOWN

    def _Constant(self, node: ast.Constant) -> Value:
        return Const(node.value) if isinstance(node.value, int | float | str | None) else UNKNOWN

    def _Name(self, node: ast.Name) -> Value:
        found = self.state.look_up(node.id)
        if found is not None:
            return found
        for module in self.stars:
            if not module.startswith(("keras", "tensorflow")):
                return UNKNOWN  # it may bring this name
            if module.startswith("keras") and (node.id[:1].isupper() or "_" in node.id):
                return Path(f"{module}.{node.id}")
        known = names.bare(node.id)
        return Path(known or f"builtins.{node.id}")

    def _Tuple(self, node: ast.Tuple | ast.List) -> Value:
        items: list[Value] = []
        for element in node.elts:
            value = self.evaluate(element.value if isinstance(element, ast.Starred) else element)
            if not isinstance(element, ast.Starred):
                items.append(value)
            elif isinstance(value, Seq):
                items += value.items
            else:
                items.append(UNKNOWN)
                items.append(UNKNOWN)
        return Seq(tuple(items))

    _List = _Tuple

    def _Dict(self, node: ast.Dict) -> Value:
        for child in (*node.keys, *node.values):
            self.evaluate(child)
        return UNKNOWN

    def _Lambda(self, node: ast.Lambda) -> Value:
        return Function(node)

    def _UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        known = plain(value)
        if isinstance(node.op, ast.Not):
            return UNKNOWN if known is UNKNOWN else Const(not known)
        if isinstance(node.op, ast.USub) and isinstance(known, int | float):
            return Const(-known)
        return arithmetic(ast.Mult, value, Const(-1.0), node.lineno) if isinstance(value, Pixels) else UNKNOWN

    def _BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        is_end = isinstance(right, Const) and isinstance(right.value, str) and not isinstance(left, Const)
        if is_end and isinstance(node.op, ast.Add | ast.Div):
            return Text(right.value)
        return arithmetic(type(node.op), left, right, node.lineno)

    def _BoolOp(self, node: ast.BoolOp) -> Value:
        for value in node.values:
            self.evaluate(value)
        return UNKNOWN

    def _Compare(self, node: ast.Compare) -> Value:
        values = [plain(self.evaluate(one)) for one in (node.left, *node.comparators)]
        if len(values) != 2 or any(value is UNKNOWN for value in values):
            return UNKNOWN
        try:
            return Const(bool(_COMPARED[type(node.ops[0])](*values)))
        except TypeError:
            return UNKNOWN

    def _IfExp(self, node: ast.IfExp) -> Value:
        known = plain(self.evaluate(node.test))
        first, second = self.evaluate(node.body), self.evaluate(node.orelse)
        return joined(first, second) if known is UNKNOWN else first if known else second

    def _JoinedStr(self, node: ast.JoinedStr) -> Value:
        parts = [plain(self.evaluate(one)) for one in node.values]
        whole = all(isinstance(part, str) for part in parts)
        last = parts[-1] if parts and isinstance(parts[-1], str) else ""
        return Const("".join(parts)) if whole else Text(last)

    def _FormattedValue(self, node: ast.FormattedValue) -> Value:
        known = plain(self.evaluate(node.value))
        return Const(str(known)) if isinstance(known, str | int) and node.format_spec is None else UNKNOWN

    def _NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value

    def _ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        self.state.frames.append({})
        for one in node.generators:
            value = self.evaluate(one.iter)
            taken = Each(value.owner, value.is_all) if isinstance(value, Layers) else UNKNOWN
            self.bind(one.target, taken)
            for test in one.ifs:
                self.evaluate(test)
        made = self.evaluate(node.elt)
        self.state.frames.pop()
        return replace(made, shape=None) if isinstance(made, Pixels) else UNKNOWN

    _GeneratorExp = _SetComp = _ListComp

    def _DictComp(self, node: ast.DictComp) -> Value:
        return UNKNOWN

    def _Subscript(self, node: ast.Subscript) -> Value:
        owner, at = self.evaluate(node.value), node.slice
        if isinstance(owner, Layers):
            return self._layer(owner, at)
        known = plain(self.evaluate(at)) if not isinstance(at, ast.Slice) else UNKNOWN
        if isinstance(owner, Seq) and isinstance(known, int) and -len(owner.items) <= known < len(owner.items):
            return owner.items[known]
        if isinstance(owner, Pixels):
            is_rows = isinstance(at, ast.Slice | ast.Name)
            if isinstance(at, ast.Tuple) and not _is_new_axis(at):
                return replace(owner, feed=owner.feed, shape=None) if _is_whole(at) else UNKNOWN
            part = replace(owner, role=None, origin=(*owner.origin, ast.dump(at)) if owner.origin else ())
            return part if is_rows else replace(part, shape=None)
        if isinstance(owner, Labels):
            return replace(owner, role=None, n=owner.n if isinstance(at, ast.Slice) else None)
        return owner if isinstance(owner, Batches) else UNKNOWN

    def _layer(self, owner: Layers, at: ast.expr) -> Value:
        if not isinstance(at, ast.Slice):
            return self._one_layer(owner, plain(self.evaluate(at)))
        ends = [plain(self.evaluate(end)) if end is not None else None for end in (at.lower, at.upper)]
        return Layers(owner.owner, owner.is_all and ends in ([None, None], [0, None]))

    def _one_layer(self, owner: Layers, at: Any) -> Value:
        """Returns a layer by its number, where a model is a list of them: else one of some."""
        layers = self.state.heap[owner.owner.uid].get("layers")
        if isinstance(layers, tuple) and isinstance(at, int) and owner.is_all and -len(layers) <= at < len(layers):
            return layers[at]
        return Each(owner.owner, False)

    def _Attribute(self, node: ast.Attribute) -> Value:
        return attribute(self, self.evaluate(node.value), node.attr, node.lineno)

    def _Call(self, node: ast.Call) -> Value:
        function = self.evaluate(node.func)
        placed, named, is_whole = [], {}, True
        for arg in node.args:
            value = self.evaluate(arg.value if isinstance(arg, ast.Starred) else arg)
            if isinstance(arg, ast.Starred):
                is_whole = is_whole and isinstance(value, Seq)
                placed += value.items if isinstance(value, Seq) else ()
            else:
                placed.append(value)
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            is_whole = is_whole and keyword.arg is not None
            if keyword.arg is not None:
                named[keyword.arg] = value
        return self.call(function, Arguments(placed, named, node, is_whole=is_whole))

    def call(self, function: Value, args: Arguments) -> Value:
        return call(self, function, args)

    def arguments(self, placed: Sequence[Value], named: Mapping[str, Value], line: int) -> Arguments:
        """Returns the arguments of a call that stands nowhere as such."""
        node = ast.Call(ast.Name("_"), [], [], lineno=line, col_offset=0)
        return Arguments(placed, named, node, is_whole=True)


def _is_new_axis(at: ast.Tuple) -> bool:
    return any(isinstance(one, ast.Constant) and one.value is None for one in at.elts) or any(
        isinstance(one, ast.Attribute) and one.attr == "newaxis" for one in at.elts
    )


def _is_whole(at: ast.Tuple) -> bool:
    """Says whether all channels are taken in their order, such as of `x[:, 10:20, 10:20]`."""
    last = at.elts[-1]
    return not (isinstance(last, ast.Slice) and last.step is not None) and isinstance(last, ast.Slice)
