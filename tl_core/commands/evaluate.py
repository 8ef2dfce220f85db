"""`python -m tl_core evaluate`: a finished run on one of its splits, in this process."""

import argparse
from pathlib import Path

from tl_core.commands.output import DONE, Output
from tl_core.disk.home import data_home
from tl_core.engine.worker.device import prepare
from tl_core.errors import InputError
from tl_core.evaluation.split_scores import SPLITS, keep_scores, kept_scores
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes
from tl_core.store.sqlite.store import SqliteStore


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `evaluate`."""
    parser.add_argument("id", metavar="RUN")
    parser.add_argument("--split", default="test")


def evaluate(options: argparse.Namespace, output: Output) -> int:
    """Prints the scores of a run on a split; they are computed once.

    Raises:
        InputError: No such run or split, or the run has left no weights.
    """
    if options.split not in SPLITS:
        raise InputError("unknown_split", received=options.split[:40], allowed=list(SPLITS))
    with SqliteStore(data_home()) as store:
        record, folder = _found(store, options.id)
    scores = _scores(record, folder, options.split, output)
    if output.is_json:
        facts = {"run_id": record.id, "split": options.split, "classes": list(run_classes(record, data_home()))}
        output.value(facts | scores)
    else:
        values = {name: scores[name] for name in ("accuracy", "n")}
        low, high = scores["interval"]
        print(output.phrase("command.split_score", split=options.split, low=low, high=high, **values))
    return DONE


def _found(store: SqliteStore, id: str) -> tuple[RunRecord, Path]:
    record = store.get(id)
    if record.best_epoch is None:
        raise InputError("run_without_weights", run=record.id, state=record.state.value)
    return record, store.run_folder(record.id)


def _scores(record: RunRecord, folder: Path, split: str, output: Output) -> dict:
    known = kept_scores(folder, record.ended_at) | ({"test": record.scores} if record.scores else {})
    if split not in known:
        output.progress(output.phrase("command.scoring", split=split), None)
        known[split] = _computed(record, split)
        keep_scores(folder, record.ended_at, split, known[split])
        output.clear_progress()
    return known[split]


def _computed(record: RunRecord, split: str) -> dict:
    prepare(data_home())
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.evaluate import run

    task = run(Kept.empty(data_home()), subject=record.id, spec=record.spec, split=split)
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value
