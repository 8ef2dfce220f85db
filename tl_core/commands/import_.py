"""`python -m tl_core import`: an archive or a folder becomes a data set, in this process."""

import argparse
import os
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tl_core.commands.output import DONE, INTERRUPTED, Output, complain
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.images.preparation import FRAMINGS
from tl_core.datasets.known import is_here
from tl_core.datasets.own.description import describe
from tl_core.disk.home import data_home
from tl_core.engine.inline import interruptible
from tl_core.errors import InputError, UnavailableError
from tl_core.evaluation.data_checks import findings
from tl_core.ingest import places
from tl_core.ingest.ingest import ingest
from tl_core.ingest.places import GROUPS
from tl_core.ingest.readings.reading import Readings
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import open_source
from tl_core.phrases import explain, explain_skipped, levels, listed, said
from tl_core.spec import check_field
from tl_core.store.access import OPERATOR
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.names import MAX_NAME, clean_name
from tl_core.store.records import Visibility

AUTO = "auto"  # the first reading, also where one would rather ask


def add_import_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `import`."""
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--name")
    parser.add_argument("--layout", metavar="N|auto")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--no-flip", dest="can_flip", action="store_false")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--groups", choices=GROUPS)
    parser.add_argument("--framing", choices=FRAMINGS, default=FRAMINGS[0])


def import_pictures(options: argparse.Namespace, output: Output) -> int:
    """Takes in the pictures of an archive or a folder, and prints the new data set and what was skipped.

    Returns:
        0, or 130 when it was interrupted; nothing was kept then.

    Raises:
        InputError, StoreError: As `ingest`; nothing was kept. "import_unclear", after a table of the readings for
            people: one would have to guess, and `--layout` says nothing.
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
        groups=options.groups,
        framing=options.framing,
    )
    albums = Albums(data_home())
    with closing(open_source(path, order.source, links=Path(called.anchor))) as source:
        readings = places.readings_for(source, order)
        assert readings is not None  # no class was named
        order = replace(order, layout=_layout(options.layout, len(readings.all)))
        if places.is_open(readings, order) and not output.is_json:
            _print_readings(readings, output)
        chosen = places.chosen_reading(readings, order)
        record = _ingested(ingest(albums, source, order, readings=readings), output)
    if record is None:
        return INTERRUPTED
    layout = {"read_as": chosen.to_dict(), "others": [one.to_dict() for one in readings.all if one is not chosen]}
    _print(albums, record, layout, output)
    return DONE


def _layout(asked: str | None, n: int) -> int | None:
    """Returns what `--layout` says as `ImportRequest.layout` has it, where there are n readings."""
    if asked is None:
        return None
    if asked == AUTO:
        return 0
    if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= n):
        raise InputError("bad_layout", received=asked[:40], n=n)
    return int(asked)


def _ingested(steps: Generator[tuple[int, int], None, AlbumRecord], output: Output) -> AlbumRecord | None:
    """Takes the pictures in with a progress line; None when it was interrupted, with nothing left."""
    with interruptible() as should_stop, closing(steps), closing(output):
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                return end.value
            output.progress(output.phrase("command.import_progress", done=done, total=total), done / total)
            if should_stop():
                return None


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


def _print_readings(readings: Readings, output: Output) -> None:
    """Prints the ways to understand a tree, for people to choose from."""
    all_told = [reading.to_dict() for reading in readings.all]
    rows = [
        {
            "layout": number,
            "levels": levels(told, output.language),
            "classes": _few_names(told["classes"], output),
            "splits": listed([output.phrase(f"split.{split}") for split in told["splits"]], output.language) or None,
            "pictures": told["n_pictures"],
            "left out": told["n_left_out"],
            "why": output.phrase(f"reading.{told['why']}"),
        }
        for number, told in enumerate(all_told, 1)
    ]
    output.table(rows, tuple(rows[0]))
    for number, told in enumerate(all_told, 1):
        for doubt in told["doubts"]:
            print(f"{number}: {said(doubt, output.language)}")


def _few_names(names: Sequence[str], output: Output) -> str:
    """Returns how many names there are, and the first of them."""
    return f"{len(names):,}: {listed(names, output.language)}"


def _print(albums: Albums, record: AlbumRecord, layout: dict, output: Output) -> None:
    row = dataset_row(albums.info(record.id), record.name, record.source, albums.home)
    album = albums.album(record.id)
    content = said(describe(album).to_dict(), output.language)
    left_out = albums.skipped(record.id, by=OPERATOR)
    skipped = [{"file": one["file"], "reason": explain_skipped(one, output.language)} for one in left_out]
    told = [*record.notes, *(note.to_dict() for note in findings(album))]
    notes = [said(note, output.language) for note in told]
    if output.is_json:
        output.value(row | {"skipped": skipped, "notes": [content, *notes], "layout": layout})
        return
    shown = row | {"classes": _few_names(row["classes"], output)}
    output.table([shown], ("id", "name", "classes", "n_train", "n_validation", "n_test"))
    print(content)
    if skipped:
        output.table(skipped, ("file", "reason"))
    for note in notes:
        complain(note)
