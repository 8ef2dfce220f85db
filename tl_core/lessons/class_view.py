"""A mission as a whole class is in it: who is at which step, what was predicted, what was explained. Plain data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tl_core.lessons.mission import Mission, Step
from tl_core.lessons.progress import Progress
from tl_core.store.progress_records import ProgressRecord


@dataclass(frozen=True)
class Place:
    """Where one student is.

    Attributes:
        owner: Who.
        at: Id of the step that is open; "" at the end.
        done: Ids of the steps behind them.
    """

    owner: str
    at: str
    done: frozenset[str]


def of_mission(records: Sequence[ProgressRecord], mission: Mission) -> dict[str, Progress]:
    """Returns owner → how far they are, of all who have begun a mission, in the order of their ids."""
    found = {one.owner: Progress.from_dict(one.data).fitting(mission) for one in records if one.lesson == mission.id}
    return {owner: found[owner] for owner in sorted(found)}


def places(mission: Mission, class_: Mapping[str, Progress]) -> list[Place]:
    """Returns where everybody is, who is furthest last."""
    found = [_place(mission, owner, progress) for owner, progress in class_.items()]
    order = [*(step.id for step in mission.steps), ""]
    return sorted(found, key=lambda one: (order.index(one.at), len(one.done)))


def _place(mission: Mission, owner: str, progress: Progress) -> Place:
    done = frozenset(step.id for step in mission.steps if progress.is_done(step))
    return Place(owner, "" if progress.ended_at else progress.open_step(mission).id, done)


def n_at(places: Sequence[Place]) -> Counter[str]:
    """Returns step → how many are at it; "" counts those at the end."""
    return Counter(place.at for place in places)


def predictions(step: Step, class_: Mapping[str, Progress]) -> list[Any]:
    """Returns what everybody predicted at a step."""
    return [progress.answers[step.id] for progress in class_.values() if step.id in progress.answers]


def explanations(mission: Mission, class_: Mapping[str, Progress]) -> list[tuple[str, str, str]]:
    """Returns (owner, step, text) of all that was explained, by steps."""
    steps = [step for step in mission.steps if step.kind == "explain"]
    return [
        (owner, step.id, str(progress.answers[step.id]))
        for step in steps
        for owner, progress in class_.items()
        if step.id in progress.answers
    ]


def together(step: Step, measured: Sequence[Any]) -> Any:
    """Returns what the runs of a class say together, of what those of each student measured.

    Args:
        step: Of the kind "predict".
        measured: As `measures.measured` returns it, one each; those of equal runs are equal.

    Returns:
        The median of numbers, also at each place of a curve; else what most of them measured; None of nothing.
    """
    if not measured:
        return None
    if step.form == "number":
        return median(map(float, measured))
    if step.form == "sketch":
        return {name: median(one[name] for one in measured) for name in measured[0]}
    said = Counter(tuple(one) if isinstance(one, list) else one for one in measured)
    most = said.most_common(1)[0][0]
    return list(most) if isinstance(most, tuple) else most
