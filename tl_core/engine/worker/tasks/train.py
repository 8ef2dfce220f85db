"""One run from spec to record, as a generator of events: data, network, features, training, test, proof, files."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from tl_core.datasets.arrays import Dataset, select_per_class
from tl_core.disk.files import SOURCE_FILE, latest_checkpoint, save_checkpoint
from tl_core.engine.environment import n_threads
from tl_core.engine.worker.device import device_name, is_out_of_memory
from tl_core.engine.worker.warm_cache import WarmCache
from tl_core.errors import StoreError, TrainingError, TransferLabError
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, forget_outputs, save_outputs
from tl_core.evaluation.scores import score
from tl_core.faults import with_fault
from tl_core.models.build import Network
from tl_core.models.trained import load_trained, save_trained
from tl_core.planning.rates import steps_per_epoch
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Ended, Epoch, Event, Phase, Recovered, Started
from tl_core.training.feature_cache import FeatureCache
from tl_core.training.inputs import Inputs
from tl_core.training.phases import Phases
from tl_core.training.pixel_cache import map_pixels
from tl_core.training.source_task import SourceTask
from tl_core.training.trainer import StopRequested

EPOCHS = "epochs"  # among the texts of a checkpoint


@dataclass(frozen=True)
class TrainingTask:
    """What a worker needs to train one run.

    Attributes:
        spec: What to train.
        home: The data folder.
        folder: The run's own folder in it: checkpoints while it trains, its weights afterwards.
        should_stop: Asked after every batch.
        publish: Takes the progress of what cannot be cut into turns, such as a download.
        is_resumed: Whether to go on from the newest checkpoint.
        warm: What the worker has kept from runs before.
        unrecorded: The fields of each `Epoch`, by its number, that nobody has said to have recorded; every checkpoint
            carries them, as a process may die while they are on their way.
        attempt: Greater each time that the run is given to a worker: what one writes that was given up stands behind.
        may_write: Called before anything is written; does not return where the run is another worker's now.
    """

    spec: RunSpec
    home: Path
    folder: Path
    should_stop: Callable[[], bool] = lambda: False
    publish: Callable[[Event], None] = lambda event: None
    is_resumed: bool = False
    warm: WarmCache = field(default_factory=WarmCache)
    unrecorded: dict[int, dict] = field(default_factory=dict)
    attempt: int = 0
    may_write: Callable[[], None] = lambda: None

    def run(self) -> Iterator[Event]:
        """Trains; always ends with one `Ended`, whatever happens. Time spent waiting for others is not counted."""
        clock = Clock()
        events = self._guarded(clock)
        while True:
            clock.resume()
            event = next(events, None)
            clock.pause()
            if event is None:
                return
            yield event

    def _guarded(self, clock: Clock) -> Iterator[Event]:
        state = _State()
        try:
            yield from self._train(clock, state)
        except (StopRequested, KeyboardInterrupt):
            yield self._ended("stopped", clock, state)
        except TransferLabError as error:
            yield self._ended("failed", clock, state, error=error.to_dict())
        except (
            Exception
        ) as error:  # whatever Keras or the system raises must become a state, never a run left "running"
            if self.should_stop():  # what an interrupted compilation raises on its way out
                yield self._ended("stopped", clock, state)
                return
            code = "out_of_memory" if is_out_of_memory(error) else "training_failed"
            reason = TrainingError(
                code, reason=f"{type(error).__name__}: {error}"[:300], batch_size=self.spec.batch_size
            )
            yield self._ended("failed", clock, state, error=reason.to_dict())

    def _train(self, clock: Clock, state: "_State") -> Iterator[Event]:
        spec = self.spec
        yield Phase("data")
        on_progress = self._reporter("data")
        dataset = mapped_dataset(spec, self.warm, self.home, on_progress)
        train = select_per_class(dataset.labels, dataset.train, spec.per_class, spec.seed)
        yield Phase("network")
        state.n_classes = len(dataset.info.classes)
        network = self.warm.network(
            spec, state.n_classes, folder=self.folder, on_progress=self._reporter("downloading")
        )
        state.network = network
        inputs = make_inputs(spec, network, dataset, train, self.home)
        state.phases = phases = Phases(inputs, clock, self.should_stop, has_norms=has_gradient_norms())
        yield Started(
            network.frozen_params,
            network.trainable_params,
            inputs.is_cached,
            len(train),
            1 if spec.is_fitted else steps_per_epoch(len(train), spec.batch_size) * spec.all_epochs,
            device_name(),
            len(dataset.validation),
            len(dataset.test),
        )
        task = self._source_task()
        found = latest_checkpoint(self.folder) if self.is_resumed else None
        if found and (rows := json.loads(found[2].get(EPOCHS, "[]"))):
            self.unrecorded.update({row["epoch"]: row for row in rows})
            yield Recovered(rows)
        for event in phases.run(found and found[1:]):
            if isinstance(event, Epoch):
                if task is not None:
                    event = replace(event, source_accuracy=(yield from task.accuracy(network.full)))
                self.unrecorded[event.epoch] = asdict(event)
            yield event
            if isinstance(event, Epoch):  # after its record: what is cut off between the two is trained again, not lost
                arrays, facts = phases.checkpoint()
                facts = {**facts, EPOCHS: json.dumps(list(self.unrecorded.values()))}
                self.may_write()
                save_checkpoint(self.folder, phases.progress.epoch, arrays, facts, attempt=self.attempt)
        assert phases.trainer is not None  # the one of the last phase
        logits = yield from phases.trainer.predict(dataset.test, "testing")
        labels = dataset.labels
        state.scores = score(logits, labels[dataset.test], labels[train], has_loss=spec.has_probabilities)
        state.outputs = Outputs(
            validation=SplitOutputs((yield from phases.validation_logits()), labels[dataset.validation]),
            test=SplitOutputs(logits, labels[dataset.test]),
            trained=np.bincount(labels[train], minlength=state.n_classes),
            has_probabilities=spec.has_probabilities,
        )
        yield Phase("saving")
        yield self._ended("completed", clock, state)
        self.warm.give_back(spec, network)

    def _source_task(self) -> SourceTask | None:
        """Returns the task of the run that this one starts from; None without one, or where its data are gone.

        Where a part of the backbone starts at random there is nothing to forget.
        """
        spec = self.spec
        if spec.started_as != "run":
            return None
        network, before = load_trained(self.folder, SOURCE_FILE)
        try:
            dataset = mapped_dataset(before, WarmCache(), self.home, self._reporter("data"))
        except (TransferLabError, OSError):
            return None
        inputs = make_inputs(spec, network, dataset, dataset.train, self.home)
        return SourceTask(
            network, before.image_size, dataset, spec, inputs.cache, inputs.machine, should_stop=self.should_stop
        )

    def _ended(self, state_name: str, clock: Clock, state: "_State", error: dict | None = None) -> Ended:
        proof, best_epoch = None, None
        if state.phases is not None and state.network is not None and state.phases.has_result:
            proof, best_epoch = state.phases.restore_best(), state.phases.progress.best_epoch
            self.may_write()
            forget_outputs(self.folder)  # of weights before these
            try:
                model = state.phases.model if self.spec.source is None else state.network.full
                save_trained(self.folder, model, self.spec, state.n_classes)
                self._save_outputs(state.outputs)
            except TransferLabError as problem:
                state_name, error = "failed", error or problem.to_dict()
        return Ended(state_name, best_epoch, clock.elapsed_s, state.scores, proof, error)

    def _save_outputs(self, outputs: Outputs | None) -> None:
        """Keeps what the network said; on a full disk it is computed again when somebody asks."""
        if outputs is not None:
            with suppress(StoreError):
                save_outputs(self.folder, outputs)

    def _reporter(self, phase: str) -> Callable[[int, int | None], None]:
        """Returns a callback that publishes at most ten times a second and ends the run when that was asked."""
        last_s = time.monotonic()

        def report(done: int, total: int | None) -> None:
            nonlocal last_s
            if self.should_stop():
                raise StopRequested
            if time.monotonic() - last_s > 0.1:
                last_s = time.monotonic()
                self.publish(Phase(phase, done, total or 0))

        return report


@dataclass
class _State:
    """What the end of a run needs, as far as the run got."""

    network: Network | None = None
    phases: Phases | None = None
    scores: dict | None = None
    outputs: Outputs | None = None
    n_classes: int = 0


def mapped_dataset(
    spec: RunSpec,
    warm: WarmCache,
    home: Path,
    on_progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Dataset:
    """Returns the pictures of a spec, in its size where they are kept in it."""
    dataset = with_fault(warm.dataset(spec.dataset, home, on_progress=on_progress), spec)
    return map_pixels(dataset, spec.image_size, home / "cache", cache_limit_bytes(), on_progress)


def make_inputs(spec: RunSpec, network: Network, dataset: Dataset, train: np.ndarray, home: Path) -> Inputs:
    """Returns what a run is fed.

    Args:
        spec: The run's spec.
        network: Its network.
        dataset: From `mapped_dataset`.
        train: int (n,), ascending: numbers of its training pictures.
        home: The data folder.
    """
    is_exact = spec.arithmetic == "exact"
    cache = FeatureCache(home / "cache", cache_limit_bytes(), is_exact=is_exact, n_threads=n_threads())
    return Inputs(spec, network, dataset, train, cache, f"{device_name()}, {n_threads()} threads")


def has_gradient_norms() -> bool:
    """Says whether runs record how large their gradients are: TL_GRADIENT_NORMS, on unless it is "off"."""
    return os.environ.get("TL_GRADIENT_NORMS", "on").lower() not in ("off", "0", "false")


def cache_limit_bytes() -> int:
    """Returns the size that the prefix cache is kept below: TL_CACHE_GB, 4 unless said otherwise."""
    return int(float(os.environ.get("TL_CACHE_GB", "4")) * 1e9)
