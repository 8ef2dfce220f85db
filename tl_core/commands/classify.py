"""`python -m tl_core classify`: picture files through a finished run or an untouched backbone, in this process."""

from collections.abc import Sequence
from pathlib import Path

from tl_core.datasets.catalog import dataset_info
from tl_core.datasets.images import decode_image
from tl_core.engine.machine import prepare
from tl_core.errors import ImageError, InputError, TransferLabError
from tl_core.evaluation.ranking import ranked
from tl_core.models.catalog import backbone_info
from tl_core.models.imagenet import imagenet_classes
from tl_core.phrases import explain
from tl_core.store.home import data_home
from tl_core.store.sqlite import SqliteStore

SHOWN_IMAGENET = 5


def classify_files(subject: str, paths: list[Path], language: str) -> list[dict]:
    """Classifies files; a bad one never stops the others.

    Args:
        subject: A run's id, or "backbone:<id>".
        paths: The picture files.
        language: Of the error sentences.

    Returns:
        One row a file, in their order: {"image", "predictions": [{"class", "probability"}], "error"}.

    Raises:
        InputError: No such run or backbone, or the run has left no weights.
    """
    home = data_home()
    subject, classes, n_shown = _resolved(subject, home)
    rows, images = [], []
    for path in paths:
        image, error = _read(path, language)
        rows.append({"image": str(path), "predictions": [], "error": error})
        images.append(image)
    usable = [index for index, image in enumerate(images) if image is not None]
    if usable:
        for index, probabilities in zip(usable, _classified(subject, [images[i] for i in usable], home), strict=True):
            rows[index]["predictions"] = ranked(probabilities, classes, n_shown)
    return rows


def _resolved(subject: str, home: Path) -> tuple[str, Sequence[str], int]:
    if subject.startswith("backbone:"):
        backbone_info(subject.partition(":")[2])
        return subject, imagenet_classes(), SHOWN_IMAGENET
    store = SqliteStore(home)
    try:
        record = store.get(subject)
    finally:
        store.close()
    if record.best_epoch is None:
        raise InputError("run_without_weights", run=record.id, state=record.state.value)
    classes = dataset_info(record.spec["dataset"]).classes
    return record.id, classes, len(classes)


def _read(path: Path, language: str):
    try:
        return decode_image(path.read_bytes(), path.name), None
    except OSError as error:
        problem: TransferLabError = ImageError("file_unreadable", file=path.name, reason=error.strerror or "?")
    except ImageError as error:
        problem = error
    return None, explain(problem, language)


def _classified(subject: str, images: list, home: Path):
    prepare(home)
    from tl_core.engine.requests import Models, classify

    task = classify(Models(home), subject, images)
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value
