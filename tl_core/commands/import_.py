"""`python -m tl_core import`: an archive or a folder becomes a data set, in this process."""

import argparse
import os
from pathlib import Path

from tl_core.commands.output import DONE, INTERRUPTED, Output, complain
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.known import is_here
from tl_core.disk.home import data_home
from tl_core.engine.inline import interruptible
from tl_core.errors import InputError, UnavailableError
from tl_core.evaluation.data_checks import findings
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import open_source
from tl_core.phrases import explain, explain_skipped, said
from tl_core.spec import check_field
from tl_core.store.access import OPERATOR
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.names import MAX_NAME, clean_name
from tl_core.store.records import Visibility


def add_import_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `import`."""
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--name")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--no-flip", dest="can_flip", action="store_false")
    parser.add_argument("--private", action="store_true")


def import_pictures(options: argparse.Namespace, output: Output) -> int:
    """Takes in the pictures of an archive or a folder, and prints the new data set and what was skipped.

    Returns:
        0, or 130 when it was interrupted; nothing was kept then.

    Raises:
        InputError, StoreError: As `ingest`; nothing was kept.
    """
    if not os.path.exists(options.path):  # `Path.exists` raises for a name that is too long
        raise InputError("import_missing", received=options.path[:200])
    path = Path(options.path)
    called = path.resolve()  # "." has a name as well
    order = ImportRequest(
        clean_name(options.name or (called.name if path.is_dir() else called.stem)[:MAX_NAME]),
        OPERATOR.owner,
        source=called.name or str(called),
        visibility=Visibility.PRIVATE if options.private else Visibility.CLASS,
        seed=int(check_field("seed", options.seed)),
        can_flip=options.can_flip,
    )
    albums = Albums(data_home())
    steps = ingest(albums, open_source(path, order.source, links=Path(called.anchor)), order)
    with interruptible() as should_stop:
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                record: AlbumRecord = end.value
                break
            output.progress(output.phrase("command.import_progress", done=done, total=total), done / total)
            if should_stop():
                steps.close()
                output.clear_progress()
                return INTERRUPTED
    output.clear_progress()
    _print(albums, record, output)
    return DONE


def dataset_row(info: DatasetInfo, name: str, source: str, home: Path) -> dict:
    """Returns a data set as the commands print it."""
    return {
        "id": info.id,
        "name": name,
        "classes": list(info.classes),
        "n_train": info.n_train,
        "n_validation": info.n_validation,
        "n_test": info.n_test,
        "source": source,
        "licence": info.licence,
        "available": is_here(info.id, home),
    }


def dataset_rows(home: Path, output: Output) -> list[dict]:
    """Returns all data sets: those of the catalogue, and those brought here; a damaged one is complained of."""
    rows = [dataset_row(one, output.phrase(f"dataset.{id}.name"), one.source, home) for id, one in DATASETS.items()]
    albums = Albums(home)
    for one in albums.listed(by=OPERATOR):
        try:
            rows.append(dataset_row(albums.info(one.id), one.name, one.source, home))
        except UnavailableError as error:
            complain(explain(error, output.language))
    return rows


def _print(albums: Albums, record: AlbumRecord, output: Output) -> None:
    row = dataset_row(albums.info(record.id), record.name, record.source, albums.home)
    left_out = albums.skipped(record.id, by=OPERATOR)
    skipped = [{"file": one["file"], "reason": explain_skipped(one, output.language)} for one in left_out]
    told = [*record.notes, *(note.to_dict() for note in findings(albums.album(record.id)))]
    notes = [said(note, output.language) for note in told]
    if output.is_json:
        output.value(row | {"skipped": skipped, "notes": notes})
        return
    output.table([row], ("id", "name", "n_train", "n_validation", "n_test"))
    if skipped:
        output.table(skipped, ("file", "reason"))
    for note in notes:
        complain(note)
