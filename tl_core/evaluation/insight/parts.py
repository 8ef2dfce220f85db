"""What finished runs can be asked: one row a part. A part that needs a network is computed by the worker.

A part's answer is plain data as JSON carries it. What the worker computes is in `engine/worker/tasks/<name>.py`; what
follows from the outputs alone is the function `answer` of a module of this package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

import numpy as np

from tl_core.errors import InputError
from tl_core.evaluation.insight.explanations import Channels, Explain, Sanity
from tl_core.evaluation.insight.feature_space import FeatureChoice
from tl_core.evaluation.insight.outputs import Outputs
from tl_core.evaluation.insight.similarity import Shown
from tl_core.evaluation.insight.unlike import NoveltyChoice
from tl_core.fields import Checked, Number, setting


@dataclass(frozen=True)
class Judged:
    """A run and what it said.

    Attributes:
        id: The run's id.
        classes: Names of its classes, in the order of its outputs.
        outputs: What it said of its validation and test pictures.
    """

    id: str
    classes: Sequence[str]
    outputs: Outputs


def check_same_pictures(judged: Sequence[Judged]) -> None:
    """Checks that runs were tested on the same pictures, as far as classes and labels tell.

    Raises:
        InputError: "pairs_differ".
    """
    first = judged[0]
    for other in judged[1:]:
        mine, theirs = first.outputs.test.labels, other.outputs.test.labels
        if list(first.classes) != list(other.classes) or not np.array_equal(mine, theirs):
            n_first, n_second = len(mine), len(theirs)
            raise InputError("pairs_differ", first=first.id, second=other.id, n_first=n_first, n_second=n_second)


@dataclass(frozen=True)
class Nothing(Checked):
    """No parameters."""


@dataclass(frozen=True)
class Predictions(Checked):
    """How many pictures are shown."""

    n: int = setting(16, Number(1, 200))


@dataclass(frozen=True)
class Part:
    """One thing that runs can be asked.

    Attributes:
        name: What the command, the cache and the worker call it.
        is_computed: Whether a network is needed, so that the worker has to answer.
        n_runs: The least and the most runs that it takes.
        parameters: The record of what can be chosen.
        version: Raised whenever the same question gets another answer than before.
        leaves_file: Whether what it computes is kept with the run itself, and not as an answer.
        columns: What people see of its rows on the command line: the key of the rows, and the columns.
    """

    name: str
    is_computed: bool
    n_runs: tuple[int, int] = (1, 1)
    parameters: type[Checked] = Nothing
    version: int = 1
    leaves_file: bool = False
    columns: tuple[str, tuple[str, ...]] = ("", ())

    def checked(self, n_runs: int, chosen: Mapping[str, object]) -> dict:
        """Returns all parameters, those that were not chosen at their defaults.

        Args:
            n_runs: How many runs are asked.
            chosen: Values, or their texts as a person typed them.

        Raises:
            InputError: "insight_runs", "insight_parameter" or "insight_no_parameter".
            SpecError: A value that is not allowed.
        """
        least, most = self.n_runs
        if not least <= n_runs <= most:
            raise InputError("insight_runs", part=self.name, received=n_runs, least=least, most=most)
        known = self.parameters.rules()
        for name in chosen:
            if name not in known:
                code = "insight_parameter" if known else "insight_no_parameter"
                raise InputError(code, part=self.name, received=name[:40], allowed=list(known))
        return self.parameters.from_dict(chosen).to_dict()

    def answer(self, judged: Sequence[Judged], parameters: Mapping[str, object]) -> dict:
        """Returns the answer of a part that needs no network.

        Args:
            judged: The runs.
            parameters: As `checked` returned them.

        Raises:
            InputError: What the part says of these runs.
        """
        return import_module(f"tl_core.evaluation.insight.{self.name}").answer(judged, **parameters)


SPACE_COLUMNS = ("when", "weights", "n_channels", "purity", "low", "high", "chance", "disparity")
PARTS = MappingProxyType(
    {
        part.name: part
        for part in (
            Part("outputs", True, leaves_file=True),
            Part("predictions", False, n_runs=(1, 4), parameters=Predictions),
            Part(
                "moved",
                True,
                n_runs=(1, 3),
                parameters=Shown,
                columns=("blocks", ("block", "frozen", "relative_change", "cka", "mean_drift", "variance_drift")),
            ),
            Part("errors", False, columns=("classes", ("class", "n", "precision", "recall", "f1"))),
            Part("calibration", False, columns=("bins", ("low", "high", "n", "confidence", "accuracy"))),
            Part("pairs", False, n_runs=(2, 2), columns=("groups", ("group", "n", "share"))),
            Part("features", True, (1, 3), FeatureChoice, columns=("spaces", SPACE_COLUMNS)),
            Part("tsne", True, (1, 3), FeatureChoice, columns=("spaces", SPACE_COLUMNS)),
            Part(
                "novelty", True, parameters=NoveltyChoice, columns=("foreign", ("dataset", "n", "auroc", "low", "high"))
            ),
            Part(
                "explain",
                True,
                (1, 3),
                parameters=Explain,
                columns=("maps", ("run", "block", "target", "predicted", "probability", "peak_x", "peak_y")),
            ),
            Part("advice", True, (1, 200), columns=("scores", ("run", "knn", "svm", "logme"))),
            Part("shifted", True, (1, 60), columns=("scores", ("run", "clean", "blur", "noise", "grey", "hue"))),
            Part("samples", False, columns=("pictures", ("image", "true", "predicted", "probability"))),
            Part("channels", True, parameters=Channels, columns=("channels", ("channel", "peak", "pictures"))),
            Part(
                "sanity",
                True,
                (1, 3),
                parameters=Sanity,
                columns=("stages", ("run", "n", "randomised", "rank_correlation", "low", "high")),
            ),
        )
    }
)
COMPUTED = tuple(part.name for part in PARTS.values() if part.is_computed)


def part_of(name: str) -> Part:
    """Returns a part.

    Raises:
        InputError: "unknown_part".
    """
    if name not in PARTS:
        raise InputError("unknown_part", received=str(name)[:40], allowed=list(PARTS))
    return PARTS[name]
