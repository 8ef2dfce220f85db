"""What a mission is: a lesson of a few steps with real runs, as plain data.

References:
    Crouch & Mazur 2001, "Peer Instruction: Ten years of experience and results": predict, then see. Sentance, Waite &
    Kallia 2019, "Teaching computer programming with PRIMM": predict, run, investigate, modify, make.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Sweep
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.spec import RunSpec

StepKind = Literal["read", "predict", "run", "look", "explain", "quiz"]
Form = Literal["choice", "number", "order", "sketch"]
Show = Literal["curves", "results", "proof", "sweep", "map"]
NOISE = "noise"
"""The verdict that says nothing is clearly better."""


@dataclass(frozen=True)
class Measure:
    """Something that is measured on the runs of a mission.

    Attributes:
        name: What steps and texts call it.
        kind: "value" of one run; "difference" or "ratio" of the first to the second run; "best", which run is, or
            `NOISE` where none clearly is; "order" of the runs, the highest first; "curve", the value of each run;
            "sweep", what a preset's own verdict says.
        runs: Names of runs.
        of: What of them, one of `measures.VALUES`.
        is_lowest: Whether the lowest one is best, and comes first.
        sweep: Name of the sweep; of "sweep" alone.
    """

    name: str
    kind: Literal["value", "difference", "ratio", "best", "order", "curve", "sweep"]
    runs: tuple[str, ...] = ()
    of: str = "test_accuracy"
    is_lowest: bool = False
    sweep: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a mission. What does not belong to its kind is empty.

    Attributes:
        id: Names it in links, in texts, and in what is kept of who did it.
        kind: "read"; "predict", kept as first said; "run", started by the student; "look" at what came out; "explain"
            in one's own words, before the model answer is shown; "quiz".
        form: How a prediction is made.
        measure: What a prediction is of, or what answers the question of a look.
        tolerance: How far a number may lie from what was measured, or a sketch from it on the mean, in the unit of the
            measure, to count as right.
        runs: What is started, or looked at, in this order.
        sweep: The same, for a sweep.
        show: What is looked at, or the picture beside a text.
        choices: Ids of what can be answered.
        right: The one of them that is right, where no run decides it.
    """

    id: str
    kind: StepKind
    form: Form | None = None
    measure: str = ""
    tolerance: float = 0.0
    runs: tuple[str, ...] = ()
    sweep: str = ""
    show: Show | None = None
    choices: tuple[str, ...] = ()
    right: str = ""

    @property
    def is_question(self) -> bool:
        """Whether something has to be answered before one may go on."""
        return self.kind in ("predict", "explain", "quiz") or bool(self.choices)


@dataclass(frozen=True)
class Mission:
    """A lesson of a few steps.

    Attributes:
        id: Name of its folder.
        minutes: How long it takes, with its runs, on two cores.
        order: Its place in the list.
        runs: Name → options of `planning.plan.plan_run`, or {"baseline_of": name}.
        sweeps: Name → {"kind", "seeds", …options}.
        measures: Name → what is measured.
        steps: In their order.
        conclusion: Name of the measure whose verdict chooses the sentence at the end; "": there is one sentence.
    """

    id: str
    minutes: int
    order: int
    runs: Mapping[str, Mapping[str, Any]]
    sweeps: Mapping[str, Mapping[str, Any]]
    measures: Mapping[str, Measure]
    steps: tuple[Step, ...]
    conclusion: str = ""

    def step(self, id: str) -> Step | None:
        """Returns the step that an id names."""
        return next((step for step in self.steps if step.id == id), None)

    def spec(self, name: str, home: Path | None = None) -> RunSpec:
        """Returns what the run of a name trains.

        Raises:
            UnknownIdError, SpecError: As `plan_run`.
        """
        options = self.runs[name]
        if "baseline_of" in options:
            return baseline_of(self.spec(str(options["baseline_of"]), home))
        return plan_run(options, home)

    def sweep(self, name: str, home: Path | None = None) -> Sweep:
        """Returns the sweep of a name.

        Raises:
            UnknownIdError, SpecError, InputError: As the preset's own.
        """
        options = dict(self.sweeps[name])
        preset = PRESETS[str(options.pop("kind"))]
        return preset.sweep(options, int(options.pop("seeds", preset.n_seeds)), home)

    def verdicts(self, measure: str) -> tuple[str, ...]:
        """Returns what a measure may say in a word; nothing for one that says a number."""
        found = self.measures[measure]
        if found.kind == "best":
            return (*found.runs, NOISE)
        return PRESETS[str(self.sweeps[found.sweep]["kind"])].choices if found.kind == "sweep" else ()
