"""`python -m tl_core classify`: picture files through a finished run or an untouched backbone, in this process."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tl_core.commands.output import BAD_INPUT, DONE, Output, complain
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.images.prepared import Prepared, prepare_picture
from tl_core.disk.home import data_home
from tl_core.engine.worker.device import prepare
from tl_core.errors import ImageError, InputError, TransferLabError
from tl_core.evaluation.framing_checks import picture_notes
from tl_core.evaluation.ranking import ranked
from tl_core.models.catalog import backbone_info
from tl_core.models.imagenet import imagenet_classes
from tl_core.phrases import explain, said
from tl_core.store.run_dataset import run_classes, run_preparation
from tl_core.store.sqlite.store import SqliteStore

SHOWN_IMAGENET = 5


def classify_files(subject: str, paths: list[Path], language: str) -> list[dict]:
    """Classifies files; a bad one never stops the others.

    Args:
        subject: A run's id, or "backbone:<id>".
        paths: The picture files.
        language: Of the error sentences.

    Returns:
        One row a file, in their order: {"image", "predictions": [{"class", "probability"}], "error", "notes"}.

    Raises:
        InputError: No such run or backbone, or the run has left no weights.
    """
    home = data_home()
    subject, classes, n_shown, preparation = _resolve(subject, home)
    rows: list[dict] = []
    images = _decode(paths, preparation, rows, language)
    first = next(images, None)  # without any picture, no network is loaded
    if first is not None:
        answers = _classify(subject, chain([first], images), home)
        good = [row for row in rows if row["error"] is None]
        for row, probabilities in zip(good, answers, strict=True):
            row["predictions"] = ranked(probabilities, classes, n_shown)
    return rows


def _decode(paths: Sequence[Path], preparation: Preparation, rows: list[dict], language: str) -> Iterator[np.ndarray]:
    """Yields the pictures, one in memory at a time, and adds a row for every file on the way."""
    for path in paths:
        picture, error = _read(path, preparation, language)
        notes = [said(note.to_dict(), language) for note in picture_notes(picture)] if picture else []
        rows.append({"image": str(path), "predictions": [], "error": error, "notes": notes})
        if picture is not None:
            yield picture.square


def _resolve(subject: str, home: Path) -> tuple[str, Sequence[str], int, Preparation]:
    if subject.startswith("backbone:"):
        backbone_info(subject.partition(":")[2])
        return subject, imagenet_classes(), SHOWN_IMAGENET, PLAIN
    store = SqliteStore(home)
    try:
        record = store.get(subject)
    finally:
        store.close()
    if record.best_epoch is None:
        raise InputError("run_without_weights", run=record.id, state=record.state.value)
    classes = run_classes(record, home)
    return record.id, classes, len(classes), run_preparation(record, home)


def _read(path: Path, preparation: Preparation, language: str) -> tuple[Prepared | None, str | None]:
    try:
        return prepare_picture(path.read_bytes(), path.name, preparation), None
    except OSError as error:
        problem: TransferLabError = ImageError("file_unreadable", file=str(path), reason=error.strerror or "?")
    except ImageError as error:
        problem = error
    return None, explain(problem, language)


def _classify(subject: str, images: Iterable[np.ndarray], home: Path) -> np.ndarray:
    prepare(home)
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    task = classify(ModelCache(home), subject, images)
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value


def classify(options: argparse.Namespace, output: Output) -> int:
    """Classifies picture files with a finished run, or with an untouched backbone."""
    rows = classify_files(options.subject, [Path(name) for name in options.images], output.language)
    if output.is_json:
        output.value(rows)
    else:
        output.predictions(rows)
    if any(row["error"] is None for row in rows):
        return DONE
    complain(rows[0]["error"])
    return BAD_INPUT
