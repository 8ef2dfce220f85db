"""From a tree of files to an album, all or nothing: layout, pictures, near-duplicates, split, commit."""

import os
import secrets
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tl_core.datasets.images.preparation import Preparation
from tl_core.datasets.own.album import LOOKS, Album, PackedPictures, own_folder, read_looks, write_looks
from tl_core.datasets.own.looks import Looks, Signature, signature
from tl_core.disk.space import storage_errors
from tl_core.errors import InputError, StoreError, UnavailableError
from tl_core.ingest.assembly import assemble_album
from tl_core.ingest.packs import Later, Packed, Refused, in_stream, pack
from tl_core.ingest.places import Place, check_places, place_files
from tl_core.ingest.prepared_notes import check_differ, preparation_notes
from tl_core.ingest.readings.reading import Readings
from tl_core.ingest.request import ImportRequest, Taken
from tl_core.ingest.sources import Source
from tl_core.ingest.survey import Survey
from tl_core.store.access import Visitor
from tl_core.store.albums import AlbumRecord, Albums, Draft
from tl_core.store.names import now

SMALL_PACK_BYTES = 8 * 2**20


def ingest(
    albums: Albums,
    source: Source,
    request: ImportRequest,
    n_threads: int | None = None,
    readings: Readings | None = None,
) -> Generator[tuple[int, int], None, AlbumRecord]:
    """Makes an album of a tree of files, or adds them to one.

    Args:
        albums: Where it will be kept.
        source: The files; closed at the end.
        request: What is wanted.
        n_threads: Threads that decode; one for each core where None.
        readings: The ways to understand the files, where somebody has looked already (`places.readings_for`).

    Yields:
        (files done, files in all) after each file. Closing the iterator cancels: nothing is left.

    Returns:
        The `AlbumRecord`.

    Raises:
        InputError: "import_no_pictures", "import_no_classes", "import_one_class", "import_too_many",
            "import_too_many_classes", "import_all_same"; "import_unclear", "bad_layout".
        UnavailableError: "dataset_damaged": the album to add to, also where it is not there any more.
        StoreError: "import_too_much_disk", "disk_full" or "home_not_writable".
    """
    with closing(source), albums.draft() as draft:
        before = albums.album(request.into.id) if request.into else None
        placed, notes, taken = place_files(source, request, readings)
        check_places(placed, request, before)
        packs, small = _take_over(albums, draft, request.into, before, taken) if request.into and before else ((), b"")
        packs = (*packs, f"pack-{secrets.token_hex(6)}.bin")
        files = list(placed)
        survey = Survey(before.preparation if before else Preparation(request.framing), is_ground_open=before is None)
        kept = in_stream(source, files, n_threads or os.cpu_count() or 1, survey)
        with closing(pack(kept, draft.folder / packs[-1], small)) as steps:
            for done, step in _counted(steps):
                _note(step, placed, taken, request)
                yield done, len(files)
        if before is None:
            check_differ(taken.pictures, request)
        album, more = assemble_album(placed, taken, request, before, packs, survey.preparation)
        more += preparation_notes(taken.pictures, survey.preparation)
        yield len(files), len(files)
        return _committed(albums, draft, album, request, [note.to_dict() for note in (*notes, *more)], taken)


def _counted(steps: Iterable[Packed | Refused | Later]) -> Iterator[tuple[int, Packed | Refused | Later]]:
    """Yields what came of files, with how many are done; one that is looked at before it is taken in is half done."""
    halves, later = 0, set()
    for step in steps:
        file = step.kept.file if isinstance(step, Packed) else step.file
        halves += 1 if isinstance(step, Later) or file in later else 2
        if isinstance(step, Later):
            later.add(file)
        yield halves // 2, step


def _note(step: Packed | Refused | Later, placed: dict[str, Place], taken: Taken, request: ImportRequest) -> None:
    """Notes what came of one file."""
    if isinstance(step, Later):
        return
    if isinstance(step, Refused):
        taken.leave_out(step.file, step.error)
        return
    if request.most_bytes is not None and step.offset + step.length > request.most_bytes:
        raise StoreError("import_too_much_disk", left_mb=round(request.most_bytes / 1e6))
    if (step.kept.sha, placed[step.kept.file].name) in taken.known:
        taken.leave_out(step.kept.file, InputError("member_known", file=step.kept.file))
        return
    taken.pictures.append(step)
    taken.looks.setdefault(step.kept.sha, step.kept.look)


def _take_over(
    albums: Albums, draft: Draft, record: AlbumRecord, before: Album, taken: Taken
) -> tuple[tuple[str, ...], bytes]:
    """Brings what an album has into the draft of the one that takes its place.

    Returns:
        The packs that stay, and the content of a last small one, which the next pack begins with: a photo after the
        other would otherwise make a pack each.
    """
    folder = own_folder(albums.home, record.id)
    *packs, last = before.packs
    try:
        is_small = (folder / last).stat().st_size < SMALL_PACK_BYTES
        content = (folder / last).read_bytes() if is_small else b""
    except OSError as error:
        raise UnavailableError("dataset_damaged", dataset=record.id, file=last) from error
    packs = packs if is_small else [*packs, last]
    draft.share(record.id, packs)
    taken.looks |= read_looks(folder) or _looked_at(folder, before)
    taken.known |= set(zip(before.rows.sha, before.rows.name, strict=True))
    return tuple(packs), content


def _looked_at(folder: Path, album: Album) -> dict[str, Signature]:
    """Returns what each picture of an older album looks like, by identity."""
    pictures = PackedPictures(folder, album.packs, album.rows)
    return {sha: signature(pictures[at]) for at, sha in enumerate(album.rows.sha)}


def _committed(
    albums: Albums, draft: Draft, album: Album, request: ImportRequest, notes: list[dict], taken: Taken
) -> AlbumRecord:
    looks = {sha: taken.looks[sha] for sha in sorted(set(album.rows.sha))}
    with storage_errors(draft.folder):
        write_looks(draft.folder / LOOKS, looks, Looks.of(looks.values()))
    skipped = sorted(taken.skipped, key=lambda one: one["file"])
    former = request.into
    if former is None:
        record = AlbumRecord(
            album.id, request.owner, request.name, now(), request.source, visibility=request.visibility, notes=notes
        )
        return draft.commit(album, record, skipped)
    skipped = [*albums.skipped(former.id, by=Visitor(former.owner)), *skipped]
    return draft.commit(album, replace(former, notes=[*former.notes, *notes]), skipped, former=former)
