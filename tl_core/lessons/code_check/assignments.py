"""How names come to stand for something: imports and assignments."""

import ast
from collections.abc import Sequence

from tl_core.lessons.code_check import names
from tl_core.lessons.code_check.attributes import assigned_attribute
from tl_core.lessons.code_check.expressions import Expressions
from tl_core.lessons.code_check.pixels import arithmetic, lost
from tl_core.lessons.code_check.values import UNKNOWN, Each, Path, Seq, Value


class Assignments(Expressions):
    """Reads statements that set names; each says whether what comes after it is not reached."""

    def _Import(self, node: ast.Import) -> bool:
        for alias in node.names:
            self._look(alias.name, node.lineno)
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            self.state.set(alias.asname or whole, Path(names.canonical(whole)))
        return False

    def _ImportFrom(self, node: ast.ImportFrom) -> bool:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            whole = f"{module}.{alias.name}"
            if alias.name == "*":
                self.stars.append(names.canonical(module))
                self._look(module, node.lineno)
                continue
            self._look(whole, alias.lineno)
            self.state.set(alias.asname or alias.name, Path(names.canonical(whole)))
        return False

    def _look(self, name: str, line: int) -> None:
        if names.is_old(name):
            self.report(line, "old_import", "old", received=name)

    def _Assign(self, node: ast.Assign) -> bool:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.bind(target, value)
        return False

    def _AnnAssign(self, node: ast.AnnAssign) -> bool:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value))
        return False

    def _AugAssign(self, node: ast.AugAssign) -> bool:
        change = self.evaluate(node.value)
        if isinstance(node.target, ast.Subscript):
            self._lose(node.target)
            return False
        self.bind(node.target, arithmetic(type(node.op), self.evaluate(node.target), change, node.lineno))
        return False

    def bind(self, target: ast.expr, value: Value) -> None:
        """Gives names, or whatever is assigned to, a value."""
        if isinstance(target, ast.Name):
            self.state.set(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, UNKNOWN)
        elif isinstance(target, ast.Attribute):
            assigned_attribute(self, self.evaluate(target.value), target.attr, value, target.lineno)
        elif isinstance(target, ast.Subscript):
            self._lose(target)

    def _unpack(self, targets: Sequence[ast.expr], value: Value) -> None:
        is_fitting = isinstance(value, Seq) and len(value.items) == len(targets)
        is_fitting = is_fitting and not any(isinstance(one, ast.Starred) for one in targets)
        for at, target in enumerate(targets):
            self.bind(target, value.items[at] if is_fitting else _item(value, at))

    def _lose(self, target: ast.Subscript) -> None:
        """Forgets what is known of something of which a part is set."""
        self.evaluate(target.slice)
        owner = target.value
        while isinstance(owner, ast.Subscript):
            owner = owner.value
        if isinstance(owner, ast.Name) and self.state.look_up(owner.id) is not None:
            self.state.set(owner.id, lost(self.evaluate(owner)))

    def _Global(self, node: ast.Global) -> bool:
        return False

    _Nonlocal = _Pass = _Global

    def _Delete(self, node: ast.Delete) -> bool:
        return False


def _item(value: Value, at: int) -> Value:
    return value if isinstance(value, Each) else UNKNOWN
