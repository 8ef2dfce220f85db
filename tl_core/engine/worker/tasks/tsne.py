"""Where t-SNE puts test pictures by their features: several spaces settle side by side, and can be watched."""

from collections.abc import Generator, Mapping, Sequence

from tl_core.engine.worker.feature_spaces import Spaces, gathered
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.evaluation.insight.feature_space import FeatureChoice, principal_axes
from tl_core.evaluation.insight.settling import N_ITERATIONS, Settling

N_AXES = 50  # that features are reduced to first, as van der Maaten and Hinton do
SHOWN_EVERY = 25  # iterations


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress | None, None, dict]:
    """Computes features and their t-SNE pictures.

    Args:
        kept: What the worker keeps.
        runs: One to three, {"id", "spec"}, of one data set.
        parameters: Of `FeatureChoice`.

    Yields:
        Pictures done, then iterations done, now and then with the answer as it would be now.

    Returns:
        As `Spaces.answer`, each space with "iteration" and "divergence".

    Raises:
        InputError, SpecError, StoreError: As `gathered`.
    """
    spaces = yield from gathered(kept, runs, FeatureChoice.from_dict(parameters))
    settling = []
    for at, space in enumerate(spaces.spaces):
        settling.append(Settling(principal_axes(space.rows, N_AXES)[0]))
        yield Progress(
            0, N_ITERATIONS * len(spaces.spaces), _shown(spaces, settling) if at + 1 == len(spaces.spaces) else None
        )
    running = {at: one.steps() for at, one in enumerate(settling)}
    while running:
        for at, steps in list(running.items()):
            if next(steps, running) is running:  # it has ended
                del running[at]
            done = sum(one.iteration if at in running else N_ITERATIONS for at, one in enumerate(settling))
            is_shown = at == len(settling) - 1 and settling[at].iteration % SHOWN_EVERY == 0
            yield Progress(done, N_ITERATIONS * len(settling), _shown(spaces, settling) if is_shown else None)
    return _shown(spaces, settling)


def _shown(spaces: Spaces, settling: Sequence[Settling]) -> dict:
    divergences = [None if one.divergence != one.divergence else one.divergence for one in settling]
    return spaces.answer(
        [one.points for one in settling], iteration=[one.iteration for one in settling], divergence=divergences
    )
