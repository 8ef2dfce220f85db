"""Which level of folders is the class, where there are several: every level is tried, and weighed by what it explains.

The rule: where the same names come again under several folders, they are the classes and the outer level is something
else (a fold, a person, a variant). A level of folders that are called after something else is no class. Where two
levels remain, both are candidates, and neither is clear.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.datasets.own.notes import Note
from tl_core.ingest.readings.companions import mirrored_classes
from tl_core.ingest.readings.files import Item
from tl_core.ingest.readings.reading import Level
from tl_core.ingest.readings.words import Kind, is_called_pictures, kind_of, letters, natural_order

_DEEPEST = 4
_COVERED = 0.9  # a level in which fewer of the pictures lie is no level of classes
_REPEATED = 0.5
_NEVER_CLASSES = (Kind.FOLDS, Kind.CAMERAS, Kind.SESSIONS)
_SHARED = (Kind.FOLDS, Kind.CAMERAS, Kind.PERSONS)  # the same name under two classes is the same one
_FEWEST_GROUPS, _FEWEST_FOLDS = 3, 5  # fewer cannot be divided between splits


@dataclass(frozen=True)
class Candidate:
    """One level of folders as the class.

    Attributes:
        depth: Which level, from outside.
        levels: What all levels down to it are, and those below it where they mean something.
        why: Code of the copy's [reading] table.
        doubts: Why it may be wrong.
        group: The level whose folders keep together; None for none.
        variant: A folder outside the class that alone is taken; "" for all.
        is_shared: Whether folders of a group that are called the same are the same, whatever class they are in.
    """

    depth: int
    levels: tuple[Level, ...]
    why: str
    doubts: tuple[Note, ...] = ()
    group: int | None = None
    variant: str = ""
    is_shared: bool = False


@dataclass(frozen=True)
class _Seen:
    """What a level of folders looks like: its names, their kind, and how the level relates to the one around it."""

    names: frozenset[str]
    kind: Kind
    coverage: float  #: Share of the pictures that lie in it.
    repeated: float  #: Share of those whose folder's name comes again under another folder.
    n_each: float  #: How many of them a folder around has.


def candidates(items: Sequence[Item]) -> list[Candidate]:
    """Returns the levels that may be the classes, the best first; empty where no picture lies in a folder."""
    deep = [item for item in items if item.dirs]
    if not deep:
        return []
    seen = [_seen(deep, depth) for depth in range(min(max(len(item.dirs) for item in deep), _DEEPEST))]
    depths = [depth for depth, one in enumerate(seen) if depth == 0 or _may_be_class(one)]
    if len(depths) == 1:
        return [Candidate(0, _levels(seen, 0), "folders", _doubts(deep, seen[0].names))]
    plausible = [depth for depth in depths if _is_plausible(seen, depth)] or depths
    best = sorted(depths, key=lambda depth: (depth not in plausible, -_weight(seen, depth)))
    return [one for depth in best for one in _at_depth(seen, depth, is_only=plausible == [depth])]


def _seen(items: Sequence[Item], depth: int) -> _Seen:
    inside = [item.dirs for item in items if len(item.dirs) > depth]
    parents: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    children: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for dirs in inside:
        parents[dirs[depth]].add(dirs[:depth])
        children[dirs[:depth]].add(dirs[depth])
    repeated = sum(len(parents[dirs[depth]]) > 1 for dirs in inside) / len(inside)
    names = frozenset(parents)
    n_each = sum(map(len, children.values())) / len(children)
    return _Seen(names, kind_of(names), len(inside) / len(items), repeated, n_each)


def _may_be_class(one: _Seen) -> bool:
    """Says whether an inner level has several names, in nearly all folders, that mean more than "images"."""
    if one.coverage < _COVERED or len(one.names) < 2:
        return False
    return not all(is_called_pictures(name) for name in one.names)


def _is_plausible(seen: Sequence[_Seen], depth: int) -> bool:
    """Says whether a level's folders can be classes, by their names and by what that makes of the other levels."""
    one = seen[depth]
    if one.kind in _NEVER_CLASSES:
        return False
    if one.kind == Kind.NUMBERED and depth and one.repeated < _REPEATED:  # numbers of films, of patients
        return False
    return not (one.n_each == 1 and depth and _tell_the_same(seen[depth - 1], one))


def _tell_the_same(outer: _Seen, inner: _Seen) -> bool:
    """Says whether every inner name is contained in an outer one, or the other way round: apple/apple_photos."""
    plain = [" ".join(letters(name)) for name in outer.names]
    said = [" ".join(letters(name)) for name in inner.names]
    return all(any(one in other or other in one for other in plain if other) for one in said if one)


def _weight(seen: Sequence[_Seen], depth: int) -> float:
    """Returns how much speaks for a level: that its names repeat, that what is around it is called after something."""
    outer = sum(seen[at].kind != Kind.WORDS for at in range(depth))
    inner = sum(seen[at].kind != Kind.WORDS or seen[at].n_each == 1 for at in range(depth + 1, len(seen)))
    is_words = seen[depth].kind == Kind.WORDS
    return 2 * seen[depth].repeated + outer + inner + is_words + 0.1 * depth


def _at_depth(seen: Sequence[_Seen], depth: int, *, is_only: bool) -> list[Candidate]:
    """Returns the candidates of one level: with variants around it each alone, and all together."""
    group = _group_level(seen, depth)
    around = [at for at in range(depth) if seen[at].kind == Kind.VARIANTS]
    is_varied = any(
        one.kind == Kind.VARIANTS for at, one in enumerate(seen) if at != depth and one.coverage >= _COVERED
    )
    why = _why(seen, depth, group)
    doubts = () if is_only and not is_varied else (Note("doubt_level", {"names": _some(seen[depth])}),)
    levels = _levels(seen, depth, group)
    is_shared = group is not None and group > depth and seen[group].kind in _SHARED
    if len(around) == 1 and around[0] == 0:
        names = sorted(seen[0].names)
        alone = [Candidate(depth, levels, "one_variant", _doubt_variants(names), variant=name) for name in names]
        return [*alone, Candidate(depth, levels, why, _doubt_variants(names), group)]
    return [Candidate(depth, levels, why, doubts, group, is_shared=is_shared)]


def _doubt_variants(names: Sequence[str]) -> tuple[Note, ...]:
    return (Note("doubt_variants", {"folders": list(names)}),)


def _group_level(seen: Sequence[_Seen], depth: int) -> int | None:
    """Returns the level that keeps together, above the class or below it, where it has enough folders to be divided."""
    return next((at for at in range(len(seen)) if at != depth and _is_group(seen, at, depth)), None)


def _is_group(seen: Sequence[_Seen], at: int, depth: int) -> bool:
    one = seen[at]
    if one.coverage < _COVERED or one.kind == Kind.VARIANTS:
        return False
    if at > depth:
        return one.n_each >= _FEWEST_GROUPS and one.kind != Kind.WORDS
    n_fewest = _FEWEST_FOLDS if one.kind == Kind.FOLDS else _FEWEST_GROUPS
    return len(one.names) >= n_fewest and seen[depth].repeated >= _REPEATED


def _why(seen: Sequence[_Seen], depth: int, group: int | None) -> str:
    if group is not None and group > depth:
        return "grouped_below"
    if depth == 0:
        return "outer_folders"
    return "repeated" if seen[depth].repeated >= _REPEATED else "inner_folders"


def _levels(seen: Sequence[_Seen], depth: int, group: int | None = None) -> tuple[Level, ...]:
    deepest = max(depth, group or 0)
    roles = {depth: Level.CLASS} | ({group: Level.GROUP} if group is not None else {})
    return tuple(roles.get(at, Level.IGNORED) for at in range(min(deepest + 1, len(seen))))


def _some(one: _Seen) -> list[str]:
    return sorted(one.names, key=natural_order)


def _doubts(items: Sequence[Item], names: frozenset[str]) -> tuple[Note, ...]:
    """Returns what is odd about the only level of classes: variants of each other, or others inside one of them."""
    alike = mirrored_classes(items)
    holding = sorted({item.dirs[0] for item in items if names & set(item.dirs[1:]) - {item.dirs[0]}})
    found = [Note("doubt_mirrored", {"classes": alike})] if alike else []
    if kind_of(names) == Kind.VARIANTS:
        found.append(Note("doubt_variants", {"folders": sorted(names)}))
    if around := folders_around(items):
        found.append(Note("doubt_around", {"folders": around}))
    return (*found, *([Note("doubt_holding", {"folders": holding})] if holding else ()))


def folders_around(items: Sequence[Item]) -> list[str]:
    """Returns the outermost folders that only hold folders, where others beside them hold pictures themselves."""
    inner: dict[str, set[str]] = defaultdict(set)
    direct = set()
    for item in items:
        if len(item.dirs) == 1:
            direct.add(item.dirs[0])
        elif item.dirs:
            inner[item.dirs[0]].add(item.dirs[1])
    return sorted(name for name, found in inner.items() if direct and name not in direct and len(found) > 1)
