"""What can be seen in a program without following it: words in comments, and lines that only look like freezing."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator

from tl_core.lessons.code_check.attributes import SPELLED, is_misspelled

_CLAIM = re.compile(r"\b(?:freez\w*|frozen|fixed feature)\b|冻结|固定特征", re.IGNORECASE)
_FROZEN = re.compile(r"(?<![a-z])(?:frozen|freezed|fixed)(?![a-z])", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:not|no|never|without|un-?fr\w+|instead|nothing|later|could|would|should|optional\w*|todo|if|or|none"
    r"|alternative\w*|graph|export\w*|convert\w*|pip|random|seed|all layers? trainable|n't)\b|n['’]t|不|没|未|解冻",
    re.IGNORECASE,
)


def claims_of_freezing(text: str) -> list[int]:
    """Returns the lines of comments that say that something is frozen, and do not deny or postpone it."""
    return [line for line, said in _comments(text) if _CLAIM.search(said) and not _DENIED.search(said)]


def named_frozen(tree: ast.Module) -> set[int]:
    """Returns the lines on which something is made and called frozen."""
    assigned = (node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    names = ((node.value.lineno, one.id) for node in assigned for one in node.targets if isinstance(one, ast.Name))
    return {line for line, name in names if _FROZEN.search(name)}


def _comments(text: str) -> Iterator[tuple[int, str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def look(tree: ast.Module, report: Callable[..., None]) -> None:
    """Reports statements that look as if they freeze something and do nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare):
            left = node.value.left
            if isinstance(left, ast.Attribute) and (left.attr == SPELLED or is_misspelled(left.attr)):
                report(node.lineno, "trainable_compared", "trap")
        elif isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.target, ast.Attribute):
            if node.target.attr == SPELLED:
                report(node.lineno, "trainable_compared", "trap")
        elif isinstance(node, ast.For):
            _look_at_loop(tree, node, report)


def _look_at_loop(tree: ast.Module, node: ast.For, report: Callable[..., None]) -> None:
    """Reports `trainable = False` without a layer, in a loop over layers, where nobody reads that name."""
    is_of_layers = any(isinstance(one, ast.Attribute) and one.attr == "layers" for one in ast.walk(node.iter))
    if not is_of_layers or _is_read(tree):
        return
    for one in ast.walk(node):
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, bool):
            names = {target.id for target in one.targets if isinstance(target, ast.Name)}
            for _ in names & {SPELLED}:
                report(one.lineno, "trainable_alone", "trap")


def _is_read(tree: ast.Module) -> bool:
    names = (one for one in ast.walk(tree) if isinstance(one, ast.Name))
    return any(one.id == SPELLED and isinstance(one.ctx, ast.Load) for one in names)


def mentions_freezing(tree: ast.Module) -> bool:
    """Says whether `trainable` is set anywhere, also in what is never called, or under a name that nearly is it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _is_like(node.attr):
            return True
        if isinstance(node, ast.keyword) and node.arg == SPELLED:
            return True
        if isinstance(node, ast.Constant) and node.value == SPELLED:
            return True
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and _is_like(node.left.attr):
            return True
        if isinstance(node, ast.Name) and node.id == SPELLED:
            return True
    return False


def _is_like(name: str) -> bool:
    return name == SPELLED or is_misspelled(name)
