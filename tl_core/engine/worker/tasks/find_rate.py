"""Tries learning rates for the last phase of a run, one step at each, and proposes one to begin with."""

from collections.abc import Generator, Mapping
from dataclasses import asdict

from tl_core.datasets.arrays import select_per_class
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.engine.worker.tasks.train import make_inputs, mapped_dataset
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Phase
from tl_core.training.phases import Phases


def run(kept: Kept, *, spec: Mapping) -> Generator[Progress | None, None, dict]:
    """Tries rates; nothing of it is kept but features.

    Args:
        kept: What the worker keeps.
        spec: Of the run, in plain form; its head is trained in steps. Rates are tried at a constant rate each,
            whatever its schedule.

    Yields:
        How far it is, with {"phase"} as its value: "features", "rates", …, as `Phase.name`; a head that is trained
        first counts no units.

    Returns:
        The fields of `rate_finder.RateCurve`.

    Raises:
        UnknownIdError: The data are gone.
        UnavailableError: Weights are neither here nor to be fetched.
        StoreError: "disk_full".
    """
    wanted = RunSpec.from_dict(spec).with_changes(schedule="constant")
    dataset = mapped_dataset(wanted, kept.warm, kept.home)
    yield None
    train = select_per_class(dataset.labels, dataset.train, wanted.per_class, wanted.seed)
    network = kept.warm.network(wanted, len(dataset.info.classes))
    yield None
    clock = Clock()
    clock.resume()
    events = Phases(make_inputs(wanted, network, dataset, train, kept.home), clock).try_rates()
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return asdict(end.value)
        clock.pause()
        yield Progress(event.done, event.total, {"phase": event.name}) if isinstance(event, Phase) else None
        clock.resume()
