"""`python -m tl_core train`: a run, and its baseline if asked for, in this process."""

import argparse
import os
from contextlib import closing, suppress

from tl_core.commands.output import DONE, FAILED, INTERRUPTED, Output, complain
from tl_core.datasets.known import known_dataset
from tl_core.disk.home import data_home
from tl_core.engine.environment import environment, n_threads
from tl_core.engine.inline import interruptible, train_here
from tl_core.engine.runs import reuse
from tl_core.engine.runs.going_on import lengthen
from tl_core.engine.runs.sources import keep_source, source_facts, with_source
from tl_core.errors import InputError
from tl_core.evaluation.comparison import best_validation, gap_words
from tl_core.evaluation.rival import rival_of
from tl_core.phrases import duration, explain
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.spec import RunSpec, check_field
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunRecord, RunState, Visibility
from tl_core.store.run_dataset import dataset_facts, run_classes
from tl_core.store.sqlite.store import SqliteStore
from tl_core.training.events import Ended, Epoch, Event, Moved, Phase, Started, Step

OPTIONS = (
    "dataset",
    "backbone",
    "freeze",
    "freeze-also",
    "weights",
    "pretrained-blocks",
    "source",
    "head",
    "head-at",
    "svm-c",
    "logistic-c",
    "hidden",
    "dropout",
    "image-size",
    "per-class",
    "phases",
    "head-epochs",
    "head-learning-rate",
    "epochs",
    "batch-size",
    "optimizer",
    "momentum",
    "learning-rate",
    "block-rate-factor",
    "unfreeze-every",
    "schedule",
    "decay",
    "decay-factor",
    "decay-epochs",
    "class-weight",
    "batchnorm",
    "batchnorm-momentum",
    "augment",
    "views",
    "n-views",
    "patience",
    "seed",
    "arithmetic",
    "threads",
)
EXIT_STATUS = {"completed": DONE, "failed": FAILED, "stopped": INTERRUPTED}


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `train`; values are checked by the plan, which says what is allowed."""
    for name in OPTIONS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--nesterov", action="store_true", default=None)
    parser.add_argument("--no-cache", dest="use_cache", action="store_false", default=None)
    parser.add_argument("--resume", metavar="RUN")
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--private", action="store_true")


def train(options: argparse.Namespace, output: Output) -> int:
    """Trains one run, then its from-scratch twin if asked for.

    Returns:
        0, or 1 when a run failed, or 130 when it was interrupted.
    """
    names = [name.replace("-", "_") for name in OPTIONS] + ["nesterov", "use_cache"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.resume is None:
        spec = plan_run(given, data_home())
        return train_spec(spec, output, with_baseline=options.baseline, is_private=options.private)
    with closing(SqliteStore(data_home())) as store:
        return _resume(store, options.resume, given, output)


def train_spec(spec: RunSpec, output: Output, *, with_baseline: bool = False, is_private: bool = False) -> int:
    """Trains a spec, then its from-scratch twin if asked for; returns as `train`."""
    spec = with_threads(spec)
    with closing(SqliteStore(data_home())) as store:
        spec = with_source(store, spec, by=OPERATOR)
        record = _create(store, spec, "run", is_private=is_private)
        status = _train_one(store, record, output)
        if with_baseline and status == 0:
            twin = _create(store, baseline_of(spec), "baseline", is_private=is_private, twin_id=record.id)
            status = _train_one(store, twin, output)
        return status


def with_threads(spec: RunSpec) -> RunSpec:
    """Returns the spec with the number of threads that this process computes with, where it leaves that open."""
    return spec.with_changes(threads=spec.threads or n_threads())


def _create(store: SqliteStore, spec: RunSpec, role: str, *, is_private: bool, twin_id: str | None = None) -> RunRecord:
    """Returns a new run; the operator's runs are there for the class to look at, unless said otherwise."""
    frozen = f"{spec.n_frozen} + {spec.frozen_blocks}" if spec.frozen_blocks else spec.n_frozen
    name = f"{spec.backbone} · {spec.dataset} · {frozen}"
    fingerprint = None
    with suppress(OSError):  # a bundled file is missing: the run will say so
        fingerprint = reuse.fingerprint(spec, store)
    data = dataset_facts(known_dataset(spec.dataset, data_home())) | source_facts(store, spec)
    record = store.create_run(
        spec.to_dict(),
        role=role,
        name=name,
        owner=OPERATOR.owner,
        twin_id=twin_id,
        environment=environment() | data,
        fingerprint=fingerprint,
    )
    keep_source(store, spec, record.id)
    return record if is_private else store.share(record.id, Visibility.CLASS, by=OPERATOR)


def _resume(store: SqliteStore, run_id: str, given: dict, output: Output) -> int:
    """Goes on with a run that was stopped or interrupted, or with a completed one, and its twin, for more epochs."""
    record = store.get(run_id)
    if record.is_resumable:
        _check_equal(record, given)
        return _train_one(store, record, output, is_resumed=True)
    if record.state is not RunState.COMPLETED or "epochs" not in given:
        raise InputError("not_resumable", run=record.id, state=record.state.value)
    epochs = check_field("epochs", given.pop("epochs"))
    _check_equal(record, given)
    status = 0
    for one, _ in lengthen(store, record, epochs, data_home()):
        status = status or _train_one(store, one, output, is_resumed=True)
    return status


def _check_equal(record: RunRecord, given: dict) -> None:
    """Refuses other options than the run has: they may be repeated, but not changed."""
    before = RunSpec.from_dict(record.spec)
    own = before.to_dict() | ({"n_frozen": None} if "freeze" in given else {})
    own |= {"frozen_blocks": None} if "freeze_also" in given else {}
    own |= {"head_learning_rate": None} if "learning_rate" in given else {}  # of a head alone either name is right
    if plan_run({**own, **given}, data_home()) != before:
        raise InputError("command_line", reason=f"--resume keeps the run's options; received others: {_shown(given)}")


def _shown(given: dict) -> str:
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in given.items())


def _train_one(store: SqliteStore, record: RunRecord, output: Output, *, is_resumed: bool = False) -> int:
    spec = RunSpec.from_dict(record.spec)
    if spec.threads:  # before Keras is imported
        os.environ["TL_THREADS"] = str(spec.threads)
    with interruptible() as should_stop:
        ended = train_here(
            store,
            data_home(),
            record.id,
            spec,
            should_stop=should_stop,
            is_resumed=is_resumed,
            on_event=lambda event: _print_event(event, record, spec, output),
        )
    output.clear_progress()
    if ended.scores and not output.is_json:
        _print_meaning(ended.scores, store, record, output)
    if ended.error:
        complain(explain(ended.error, output.language))
    return EXIT_STATUS[ended.state]


def _print_event(event: Event, record: RunRecord, spec: RunSpec, output: Output) -> None:
    match event:
        case Step():
            step = output.phrase("command.step", epochs=spec.all_epochs, epoch=event.epoch, loss=event.train_loss)
            output.progress(step, (event.epoch - 1) / spec.all_epochs)
        case Phase(name, done, total):
            output.progress(output.phrase(f"phase.{name}"), done / total if total else None)
        case Moved():
            pass  # the weight proof says it at the end
        case Started() | Epoch() | Ended() if output.is_json:
            output.value(_as_json(event, record, output.language))
        case Epoch():
            output.clear_progress()
            values = {name: getattr(event, name) for name in ("epoch", "train_accuracy", "val_accuracy")}
            values["seconds"] = duration(event.seconds, output.language)
            print(output.phrase("command.epoch", role=record.role, epochs=spec.all_epochs, **values))
        case Ended(state, _, seconds, scores):
            output.clear_progress()
            accuracy = f"{scores['accuracy']:.4f}" if scores else "–"
            time = duration(seconds, output.language)
            print(output.phrase("command.ended", run=record.id, accuracy=accuracy, state=state, seconds=time))


def _print_meaning(scores: dict, store: SqliteStore, record: RunRecord, output: Output) -> None:
    """Says what the accuracy is worth beside always answering the class that the training had most of, and why
    validation was easier where it was."""
    rival, classes = rival_of(scores), run_classes(record, data_home())
    word = "command.rival" if rival.is_beaten else "command.rival_wins"
    balanced = rival.balanced_accuracy
    print(output.phrase(word, name=classes[rival.largest], rival=rival.accuracy, balanced=balanced))
    validation = best_validation(store.epochs(record.id))
    if gap := gap_words(str(record.spec["dataset"]), validation, scores["accuracy"]):
        print(output.phrase(gap, validation=f"{validation:.1%}", test=f"{scores['accuracy']:.1%}"))


def _as_json(event: Started | Epoch | Ended, record: RunRecord, language: str) -> dict:
    """Returns an event in the form that COMMANDS promises to programs."""
    match event:
        case Started():
            return {
                "event": "run_started",
                "run_id": record.id,
                "role": record.role,
                "frozen_params": event.frozen_params,
                "trainable_params": event.trainable_params,
                "cached": event.is_cached,
            }
        case Epoch():
            names = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds")
            row = {"event": "epoch", "run_id": record.id, **{name: getattr(event, name) for name in names}}
            return row if event.source_accuracy is None else row | {"source_accuracy": event.source_accuracy}
        case Ended():
            row = {
                "event": "run_ended",
                "run_id": record.id,
                "state": event.state,
                "best_epoch": event.best_epoch,
                "test_accuracy": event.scores and event.scores["accuracy"],
                "seconds": event.seconds,
            }
            return row | ({"error": explain(event.error, language)} if event.error else {})
