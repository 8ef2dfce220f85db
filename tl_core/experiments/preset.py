"""What a preset is: a question of the field, the sweep that asks it, and the sentence that its numbers allow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from tl_core.experiments.sweep import Level, Sweep

Row = Mapping[str, Any]
"""One trial as a table has it: each factor and "seed" → level, "run_id", "state", "test_accuracy", "seconds" and
"epoch_s".

The last three are None until the run has completed; accuracies are fractions in [0, 1].
"""


@dataclass(frozen=True)
class Setting:
    """A setting of a run, or a value of one: said as the pages call it."""

    field: str
    level: Level | None = None


@dataclass(frozen=True)
class Answer:
    """What the numbers allow to say, and not more.

    Attributes:
        code: The sentence in the table [sweep_answer] of the copy files; one that says "within noise here" where the
            intervals do not allow the claim.
        values: What the sentence names: floats are differences of accuracies, as fractions; whole numbers count;
            texts are names, and those that stand in [sweep.<id>.level] are said as it says them; or a `Setting`.
        more: Further sentences, of what else was varied.
    """

    code: str
    values: Mapping[str, Any]
    more: "tuple[Answer, ...]" = ()


@dataclass(frozen=True)
class Published:
    """A curve from a paper, in its own scale.

    Attributes:
        series: What it stands beside, a level of the preset's series; "" where there are none.
        points: (x, y) each, as read from the paper.
    """

    series: str
    points: tuple[tuple[float, float], ...]


class MakeSweep(Protocol):
    """Makes the sweep of a preset."""

    def __call__(self, options: Mapping[str, Any], n_seeds: int, home: Path | None = None) -> Sweep:
        """Returns the sweep that asks the question.

        Args:
            options: Of `planning.plan.plan_run` (dataset, backbone, image_size, per_class …), before what is usual;
                "arms" names the ones that are wanted, where a preset has some.
            n_seeds: How many seeds, from 0 on.
            home: The data folder, where visitors' own data sets are.

        Raises:
            UnknownIdError: There is no such data set or backbone.
            InputError: "bad_sweep", "bad_arms".
        """
        ...


@dataclass(frozen=True)
class Preset:
    """A question with all that a page and the command line need to ask it.

    Attributes:
        id: Its word in links and on the command line. Title, question, choices of the prediction and reference stand in
            the copy files under [sweep.<id>].
        x: The factor on the horizontal axis.
        series: The factor that makes one line each; None: one line in all.
        is_logarithmic: Whether x grows by factors.
        n_seeds: How many seeds it begins with.
        choices: The predictions that one may commit to first, keys below [sweep.<id>.choice].
        verdict: Returns which of the choices the numbers bear out; None where they bear out none (yet).
        sweep: Makes it.
        answer: Returns what the rows allow to say; None while too few trials have completed.
        arms: The ways of training that it can set side by side; its sweep begins with some of them.
        is_ordered: Whether neighbouring levels of x are nearer than others, so that a line between them says something.
        published: Curves from the paper that the reference names; what they are says [sweep.<id>.published].
        chart: What is drawn: lines over x; a map of all cells; or how long an epoch takes.
    """

    id: str
    x: str
    series: str | None
    is_logarithmic: bool
    n_seeds: int
    choices: tuple[str, ...]
    sweep: MakeSweep
    answer: Callable[[Sequence[Row]], Answer | None]
    verdict: Callable[[Sequence[Row]], str | None]
    arms: tuple[str, ...] = ()
    is_ordered: bool = True
    published: tuple[Published, ...] = ()
    chart: Literal["lines", "map", "times"] = "lines"
