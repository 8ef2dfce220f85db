"""What a link link says: the settings of a run, and which of their controls the instructor has locked or hidden.

Reading a link never fails, and never does more than read: what cannot be used is replaced, and a notice says so. A link
holds settings only: no owner, no run, no path of a file.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from tl_core.spec import RunSpec

VERSION = "2"
MAX_CHARACTERS = 500
DEPENDENT = ("n_frozen", "image_size", "phases", "head_learning_rate", "learning_rate", "batchnorm")
"""Fields whose usual value follows from the others; a link may leave them open."""
FIELDS = tuple(field.name for field in fields(RunSpec) if field.name not in ("fault", "source"))  # no bug, and no run
CONTROLS = (*(name for name in FIELDS if name not in ("views", "use_cache", "threads")), "baseline")
"""What can be locked or hidden, in the order of the lab; the control of `augment` is that of `views` as well."""
_KEYS = frozenset({*FIELDS, "v", "lock", "hide", "baseline"})
_SWITCH = ("0", "1")


@dataclass(frozen=True)
class Notice:
    """One thing that a reader of a link should know.

    Attributes:
        code: "replaced" (could not be used, so the usual value was taken), "migrated" (an older link was carried over),
            "unknown" (not known and left aside), "version" (a version not known; read as far as possible), or "fitted"
            (did not fit the rest), "no_lesson" (a short address whose code nobody gave).
        names: The fields, or "lock", "hide" and "baseline"; names that a link brought are never repeated.
        n: How many were left aside, of "unknown".
        received: The code, of "no_lesson"; anything, as a stranger may have written it.
    """

    code: str
    names: tuple[str, ...] = ()
    n: int = 0
    received: str = ""


@dataclass(frozen=True)
class LabLink:
    """Settings to begin with, and what of them may be changed.

    Locking and hiding are an aid for teaching, no protection: anyone who writes another link has other settings. What a
    student must not do is refused by the store.

    Attributes:
        spec: The settings.
        locked: Names of `CONTROLS` that are shown but cannot be changed.
        hidden: Names of `CONTROLS` that are not shown; they need not be locked as well.
        with_baseline: Whether the from-scratch baseline is trained, too.
        left_open: Names of `DEPENDENT` that the link does not set; in `spec` they have their defaults.
    """

    spec: RunSpec
    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    with_baseline: bool = True
    left_open: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", frozenset(self.hidden))
        object.__setattr__(self, "locked", frozenset(self.locked) - self.hidden)
        object.__setattr__(self, "left_open", frozenset(self.left_open))
        defaults = {name: getattr(RunSpec, name) for name in self.left_open}
        object.__setattr__(self, "spec", self.spec.with_changes(fault="none", source=None, **defaults))

    def to_query(self) -> dict[str, str]:
        """Returns the link as parameters of a link."""
        query = {"v": VERSION, **self.spec.to_query(always=set(DEPENDENT) - self.left_open)}
        query |= {} if self.with_baseline else {"baseline": "0"}
        lists = {"lock": self.locked, "hide": self.hidden}
        return query | {key: ",".join(sorted(names)) for key, names in lists.items() if names}

    @classmethod
    def from_query(cls, query: Mapping[str, str | list[str]]) -> tuple["LabLink", list[Notice]]:
        """Reads a link's parameters. Never raises, whatever they are.

        Args:
            query: Name → value, or the values of a name that comes several times.

        Returns:
            The link, and what its reader should know; nothing for a link as `to_query` makes it.
        """
        query, version, migrated = _migrated(query)
        texts = {name: text for name in _KEYS & set(query) if (text := _text(query[name])) is not None}
        spec, replaced = RunSpec.from_query(texts)
        replaced += [name for name in _KEYS - {"v"} if name in query and name not in texts]
        with_baseline = texts.get("baseline", "1")
        if with_baseline not in _SWITCH:
            replaced.append("baseline")
        lists = {key: _names(texts.get(key, "")) for key in ("lock", "hide")}
        replaced += [key for key, names in lists.items() if not names <= set(CONTROLS)]
        link = cls(
            spec,
            locked=lists["lock"] & set(CONTROLS),
            hidden=lists["hide"] & set(CONTROLS),
            with_baseline=with_baseline != "0",
            left_open=frozenset(name for name in DEPENDENT if name not in texts or name in replaced),
        )
        found = [Notice("migrated", _ordered(migrated)), Notice("replaced", _ordered(replaced))]
        found.append(Notice("unknown", n=len(set(query) - _KEYS)))
        is_known = version in ("1", VERSION)
        return link, [one for one in found if one.names or one.n] + ([] if is_known else [Notice("version")])


def is_lab_link(query: Mapping[str, object]) -> bool:
    """Says whether a link sets anything, in whatever version."""
    return not _KEYS.isdisjoint(query) or "freeze" in query


def _migrated(query: Mapping[str, str | list[str]]) -> tuple[dict[str, str | list[str]], str | None, list[str]]:
    """Returns a link in the words of this version, the version that it was written in, and the fields carried over.

    Version 1 had no `v`. It counted the frozen blocks in `freeze`, and its augmentation made a new view of every
    picture in each epoch, as there were no `views` to choose.
    """
    query, moved = dict(query), []
    version = _text(query["v"]) if "v" in query else "1"
    if version == "1" and "freeze" in query:
        query.setdefault("n_frozen", query.pop("freeze"))
        moved.append("n_frozen")
    if version == "1" and "views" not in query and _text(query.get("augment")) == "light":
        query["views"] = "fresh"
        moved.append("views")
    return query, version, moved


def _text(value: object) -> str | None:
    """Returns the one text that a key stands with; None for several different ones, or what no link of ours holds."""
    several = value if isinstance(value, list | tuple) else [value]
    first = several[0] if several and all(other == several[0] for other in several) else None
    return first if isinstance(first, str) and len(first) <= MAX_CHARACTERS else None


def _names(text: str) -> frozenset[str]:
    return frozenset(name for part in text.split(",") if (name := part.strip()))


def _ordered(names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in (*FIELDS, "baseline", "lock", "hide") if name in names)
