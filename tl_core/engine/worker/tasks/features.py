"""Where test pictures lie in the feature spaces of runs, along the axes in which they differ most."""

from collections.abc import Generator, Mapping, Sequence

from tl_core.engine.worker.feature_spaces import gathered
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.evaluation.insight.feature_space import FeatureChoice, principal_axes


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Computes features and their two principal axes.

    Args:
        kept: What the worker keeps.
        runs: One to three, {"id", "spec"}, of one data set.
        parameters: Of `FeatureChoice`.

    Yields:
        Pictures done.

    Returns:
        As `Spaces.answer`, each space with "explained", the share of variance that its two axes show.

    Raises:
        InputError, SpecError, StoreError: As `gathered`.
    """
    spaces = yield from gathered(kept, runs, FeatureChoice.from_dict(parameters))
    found = [principal_axes(space.rows) for space in spaces.spaces]
    return spaces.answer([points for points, _ in found], explained=[share for _, share in found])
