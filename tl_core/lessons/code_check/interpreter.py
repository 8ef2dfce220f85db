"""Reads a program statement by statement, in the order in which it would run, without running any of it."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from tl_core.lessons.code_check.assignments import Assignments
from tl_core.lessons.code_check.calls import call
from tl_core.lessons.code_check.machine import MOST_STEPS, TooLong
from tl_core.lessons.code_check.values import (
    UNKNOWN,
    Class,
    Const,
    Each,
    Function,
    Layers,
    Path,
    Seq,
    Value,
    joined,
    plain,
)

MOST_NESTED, MOST_ITEMS = 8, 12


class Interpreter(Assignments):
    """Goes through a program. Where it could go two ways, both are read, and only what holds of both is kept."""

    def __init__(self, report: Callable[..., None]) -> None:
        super().__init__()
        self.report = report
        self.called: set[int] = set()
        self.functions: list[Function] = []
        self.nested: list[Any] = []
        self.returned: list[list[Value]] = []
        self.targets: list[set[str]] = []
        self.is_open = (
            False  # whether a function is read although nobody calls it: then nothing is known of what it is given
        )

    def read(self, tree: ast.Module) -> None:
        """Reads a whole program, and then the functions that nobody calls."""
        self.block(tree.body)
        for function in list(self.functions):
            if id(function.node) not in self.called:
                before, self.state = self.state, self.state.fork()
                self.is_open = True
                self.call_own(function, [], function.node.lineno)
                self.state = before

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLong

    # ---- blocks ----

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Reads statements; returns whether what comes after them is not reached."""
        for statement in body:
            self.step()
            if getattr(self, f"_{type(statement).__name__}", self._other)(statement):
                return True
        return False

    def _other(self, node: ast.stmt) -> bool:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
        return False

    def _Return(self, node: ast.Return) -> bool:
        value = self.evaluate(node.value) if node.value else Const(None)
        if self.returned:
            self.returned[-1].append(value)
        return True

    def _Raise(self, node: ast.Raise) -> bool:
        return True

    def _Break(self, node: ast.Break) -> bool:
        return True

    def _Continue(self, node: ast.Continue) -> bool:
        return True

    def _If(self, node: ast.If) -> bool:
        test = self.evaluate(node.test)
        known = plain(test)
        if _is_main(node.test) or (known is not UNKNOWN and known):
            return self.block(node.body)
        if known is not UNKNOWN:
            return self.block(node.orelse)
        if self.targets and self._asks_of_layer(node.test):
            return self._if_some(node)
        other = self.state.fork()
        self.steps += len(other.heap) // 4
        ends = self.block(node.body)
        mine, self.state = self.state, other
        other_ends = self.block(node.orelse)
        if ends and other_ends:
            return True
        if other_ends:
            self.state = mine
        elif not ends:
            mine.meet(self.state)
            self.state = mine
        return False

    def _asks_of_layer(self, test: ast.expr) -> bool:
        return bool({one.id for one in ast.walk(test) if isinstance(one, ast.Name)} & set().union(*self.targets))

    def _if_some(self, node: ast.If) -> bool:
        """Reads both ways of an `if` in a loop over layers: each is gone for some of them."""
        before, self.in_some = self.in_some, True
        self.block(node.body)
        self.block(node.orelse)
        self.in_some = before
        return False

    def _For(self, node: ast.For) -> bool:
        taken = self._taken(self.evaluate(node.iter))
        is_of_layers = any(_is_layer(value) for value in taken)
        self.targets.append(_names(node.target) if is_of_layers else set())
        before = self.in_some
        for value in taken:
            self.bind(node.target, value)
            self.block(node.body)
            if is_of_layers and any(isinstance(one, ast.Break | ast.Continue) for one in ast.walk(node)):
                self.in_some = True
        self.in_some = before
        self.targets.pop()
        self.block(node.orelse)
        return False

    _AsyncFor = _For

    def _taken(self, value: Value) -> list[Value]:
        """Returns what a loop's target stands for, in the order in which it is read; what is not known, twice."""
        if isinstance(value, Layers):
            return [Each(value.owner, value.is_all)]
        if isinstance(value, Seq) and len(value.items) <= MOST_ITEMS:
            return list(value.items)
        return [UNKNOWN, UNKNOWN]

    def _While(self, node: ast.While) -> bool:
        for _ in range(2):
            self.evaluate(node.test)
            self.block(node.body)
        return False

    def _With(self, node: ast.With) -> bool:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        return self.block(node.body)

    _AsyncWith = _With

    def _Try(self, node: ast.Try) -> bool:
        ends = self.block(node.body)
        for handler in node.handlers:
            before, self.state = self.state, self.state.fork()
            self.block(handler.body)
            self.state = before
        return self.block(node.orelse) or self.block(node.finalbody) or ends

    _TryStar = _Try

    def _Match(self, node: ast.Match) -> bool:
        self.evaluate(node.subject)
        states = []
        for case in node.cases:
            before, self.state = self.state, self.state.fork()
            if not self.block(case.body):
                states.append(self.state)
            self.state = before
        for state in states:
            self.state.meet(state)
        return False

    # ---- functions and classes ----

    def _FunctionDef(self, node: ast.FunctionDef) -> bool:
        for default in (*node.args.defaults, *(one for one in node.args.kw_defaults if one)):
            self.evaluate(default)
        function = Function(node)
        is_plain = all(_is_plain(self.evaluate(one)) for one in node.decorator_list)
        self.functions.append(function)
        self.state.set(node.name, function if is_plain else UNKNOWN)
        return False

    _AsyncFunctionDef = _FunctionDef

    def _ClassDef(self, node: ast.ClassDef) -> bool:
        bases = [self.evaluate(base) for base in node.bases]
        is_keras = any(isinstance(base, Path) and base.name.startswith("keras.") for base in bases)
        is_keras = is_keras or any(isinstance(base, Class) and base.is_keras for base in bases)
        is_model = any(isinstance(base, Path) and base.last in ("Model", "Functional") for base in bases)
        self.state.set(node.name, Class(node, is_model, is_keras))
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        self.functions += [Function(one, self.state.new("object")) for one in methods if one.name != "__init__"]
        return False

    def call_own(self, function: Value, placed: Sequence[Value], line: int, **named: Value) -> Value:
        """Returns what a function of the program returns; it is read with the values that it is given."""
        if isinstance(function, Path):
            return call(self, function, self.arguments(placed, named, line))
        if not isinstance(function, Function) or len(self.nested) >= MOST_NESTED or function.node in self.nested:
            return UNKNOWN
        self.called.add(id(function.node))
        placed = ([function.owner] if function.owner is not None else []) + list(placed)
        is_lambda = isinstance(function.node, ast.Lambda)
        self.nested.append(function.node)
        self.state.frames.append(self._parameters(function.node.args, placed, named))
        self.returned.append([])
        before, self.targets, in_some = self.targets, [], self.in_some
        body: Any = function.node.body
        if is_lambda:
            self.returned[-1].append(self.evaluate(body))
        reached = not is_lambda and not self.block(body)
        self.targets, self.in_some = before, in_some
        found = self.returned.pop() + ([Const(None)] if reached else [])
        self.state.frames.pop()
        self.nested.pop()
        return _all(found)

    def _parameters(self, args: ast.arguments, placed: Sequence[Value], named: dict[str, Value]) -> dict[str, Value]:
        every = [*args.posonlyargs, *args.args]
        frame = {one.arg: UNKNOWN for one in (*every, *args.kwonlyargs)}
        is_open, self.is_open = self.is_open, False
        if not is_open:
            for one, default in zip(reversed(every), reversed(args.defaults), strict=False):
                frame[one.arg] = self.evaluate(default)
            for only, given in zip(args.kwonlyargs, args.kw_defaults, strict=True):
                frame[only.arg] = self.evaluate(given) if given else UNKNOWN
        frame |= {one.arg: value for one, value in zip(every, placed, strict=False)}
        frame |= {name: value for name, value in named.items() if name in frame}
        rest = [one.arg for one in (args.vararg, args.kwarg) if one]
        return frame | dict.fromkeys(rest, UNKNOWN)


def _all(values: Sequence[Value]) -> Value:
    found = values[0] if values else UNKNOWN
    for value in values[1:]:
        found = joined(found, value)
    return found


def _names(target: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}


def _is_layer(value: Value) -> bool:
    return isinstance(value, Each) or (isinstance(value, Seq) and any(isinstance(one, Each) for one in value.items))


def _is_main(test: ast.expr) -> bool:
    return "__name__" in {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}


def _is_plain(decorator: Value) -> bool:
    return isinstance(decorator, Path) and decorator.last in ("function", "staticmethod", "property")
