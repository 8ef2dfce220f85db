"""`python -m tl_core expect`: trains the runs by which the defaults were chosen, and writes the table of them."""

import argparse
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from tl_core.commands.output import DONE, Output
from tl_core.disk.files import write_atomic
from tl_core.disk.home import data_home
from tl_core.engine.environment import keras_environment
from tl_core.errors import InputError, TrainingError
from tl_core.planning.expectations import (
    BACKBONES,
    COLUMNS,
    LARGE,
    SEEDS,
    SIZES,
    TABLE,
    WAYS,
    Trial,
    read,
    trials,
    written,
)
from tl_core.training.events import Ended, Epoch


def add_expect_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `expect`."""
    parser.add_argument("-o", dest="path", metavar="FILE", default=str(TABLE))
    parser.add_argument("--way", metavar="NAME,NAME", default="default")
    parser.add_argument("--dataset", metavar="ID,ID", default=",".join(SIZES))
    parser.add_argument("--backbone", metavar="ID,ID", default=",".join(BACKBONES))
    parser.add_argument("--cuts", metavar="N", default="100")
    parser.add_argument("--seeds", metavar="N", default=str(len(SEEDS)))


def expect(options: argparse.Namespace, output: Output) -> int:
    """Trains what the table lacks, row by row, and prints each; broken off, it goes on where it was.

    Returns:
        0, or 1 when a run failed.
    """
    path = Path(options.path)
    asked = list(
        trials(
            _names("way", options.way, WAYS),
            _names("dataset", options.dataset, SIZES),
            _names("backbone", options.backbone, (*BACKBONES, *LARGE)),
            tuple(range(_number("seeds", options.seeds))),
            _number("cuts", options.cuts),
        )
    )
    table = read(path)
    for number, trial in enumerate(asked, 1):
        if trial not in table:
            output.progress(output.phrase("command.expect_trial", number=number, total=len(asked)), number / len(asked))
            table[trial] = _train(trial)
            write_atomic(path, written(table).encode())
    output.clear_progress()
    rows = [{name: getattr(trial, name) for name in COLUMNS[:5]} | table[trial] for trial in asked]
    output.rows(rows, COLUMNS)
    return DONE


def _train(trial: Trial) -> dict[str, float]:
    """Trains one run of the grid; only its features and the row of the table stay."""
    os.environ.update(keras_environment(data_home()))
    from tl_core.engine.worker.tasks.train import TrainingTask

    accuracies = {}
    with tempfile.TemporaryDirectory() as folder:
        for event in TrainingTask(trial.spec(), data_home(), Path(folder)).run():
            if isinstance(event, Epoch):
                accuracies[event.epoch] = event.val_accuracy
    assert isinstance(event, Ended)  # the last one always is
    if event.error:
        raise TrainingError(event.error["code"], **event.error["values"])
    if not event.scores or not event.best_epoch:
        raise KeyboardInterrupt  # it was stopped by one
    return {
        "test_accuracy": round(event.scores["accuracy"], 4),
        "validation_accuracy": round(accuracies[event.best_epoch], 4),
        "best_epoch": event.best_epoch,
        "seconds": round(event.seconds, 1),
    }


def _names(option: str, text: str, allowed: Collection[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if unknown := [name for name in names if name not in allowed]:
        reason = f"--{option}: received {unknown[0][:20]!r}, allowed {', '.join(allowed)}"
        raise InputError("command_line", reason=reason)
    return names


def _number(option: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise InputError("command_line", reason=f"--{option}: received {text[:20]!r}, allowed 1 to 100")
    return int(text)
