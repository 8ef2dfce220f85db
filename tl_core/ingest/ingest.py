"""From a tree of files to an album, all or nothing: layout, pictures, near-duplicates, split, commit."""

import os
import secrets
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import NamedTuple, NoReturn

import numpy as np

from tl_core.datasets.own.album import LOOKS, Album, own_folder, read_looks, write_looks
from tl_core.datasets.own.edits import checked_class_name
from tl_core.datasets.own.layout import Note, read_layout
from tl_core.datasets.own.near_duplicates import Signature, members_of, near_duplicate_groups
from tl_core.datasets.own.rows import Rows
from tl_core.datasets.own.splits import TEST, TRAIN, UNKNOWN, VALIDATION, assign_splits
from tl_core.disk.space import storage_errors
from tl_core.errors import InputError, StoreError, UnavailableError
from tl_core.ingest.packs import Packed, Refused, in_stream, pack
from tl_core.ingest.sources import MAX_FILES, Source, printable_path
from tl_core.store.access import Visitor
from tl_core.store.albums import AlbumRecord, Albums, Draft
from tl_core.store.names import now
from tl_core.store.records import Visibility

MAX_PICTURES = 50_000
MAX_CLASSES = 1_000
SMALL_PACK_BYTES = 8 * 2**20


@dataclass(frozen=True)
class ImportRequest:
    """What somebody wants to be taken in.

    Attributes:
        name: What the data set will be called.
        owner: Whose it will be.
        source: What it is made from, for people: a file's or folder's name.
        visibility: Who may see it beside the owner.
        seed: Of the split.
        can_flip: Whether a mirrored picture still shows its class.
        into: The album that the pictures are added to; None makes a new one.
        class_name: The class of all pictures; None reads classes off the folders.
        most_bytes: Size that the album may take; None is no limit.
    """

    name: str
    owner: str
    source: str = ""
    visibility: Visibility = Visibility.PRIVATE
    seed: int = 0
    can_flip: bool = True
    into: AlbumRecord | None = None
    class_name: str | None = None
    most_bytes: int | None = None


class _Place(NamedTuple):
    """Where a file goes: its class, its split (`UNKNOWN` for none), and the name that is kept of it."""

    name: str
    split: int
    called: str


@dataclass
class _Taken:
    """What has been taken in so far."""

    pictures: list[Packed] = field(default_factory=list)
    skipped: list[dict] = field(default_factory=list)
    looks: dict[str, Signature] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)  # identity and class of what the album has already

    def leave_out(self, file: str, error: InputError) -> None:
        """Notes a file that is not taken in, and why."""
        values = {name: value for name, value in error.values.items() if name != "file"}
        self.skipped.append({"file": printable_path(file), "code": error.code, "values": values})


def ingest(
    albums: Albums, source: Source, request: ImportRequest, n_threads: int | None = None
) -> Generator[tuple[int, int], None, AlbumRecord]:
    """Makes an album of a tree of files, or adds them to one.

    Args:
        albums: Where it will be kept.
        source: The files; closed at the end.
        request: What is wanted.
        n_threads: Threads that decode; one for each core where None.

    Yields:
        (files done, files in all) after each file. Closing the iterator cancels: nothing is left.

    Returns:
        The `AlbumRecord`.

    Raises:
        InputError: "import_no_pictures", "import_no_classes", "import_one_class", "import_too_many",
            "import_too_many_classes".
        UnavailableError: "dataset_damaged": the album to add to, also where it is not there any more.
        StoreError: "import_too_much_disk", "disk_full" or "home_not_writable".
    """
    with closing(source), albums.draft() as draft:
        before = albums.album(request.into.id) if request.into else None
        placed, notes, taken = _placed(source, request)
        _check_layout(placed, request, before)
        packs, small = _take_over(albums, draft, request.into, before, taken) if request.into and before else ((), b"")
        packs = (*packs, f"pack-{secrets.token_hex(6)}.bin")
        files = list(placed)
        kept = in_stream(source, files, n_threads or os.cpu_count() or 1)
        with closing(pack(kept, draft.folder / packs[-1], small)) as steps:
            for done, step in enumerate(steps, 1):
                _note(step, placed, taken, request)
                yield done, len(files)
        album, more = _album(placed, taken, request, before, packs)
        yield len(files), len(files)
        return _committed(albums, draft, album, request, [note.to_dict() for note in (*notes, *more)], taken)


def _placed(source: Source, request: ImportRequest) -> tuple[dict[str, _Place], list[Note], _Taken]:
    """Returns where each file goes, what there is to say, and what is skipped already."""
    taken = _Taken()
    taken.skipped += [
        {"file": printable_path(one.file), "code": one.code, "values": dict(one.values)} for one in source.unread
    ]
    if request.class_name is not None:
        name = checked_class_name(request.class_name)
        return {file: _Place(name, UNKNOWN, printable_path(file)) for file in source.files}, [], taken
    layout = read_layout(source.files, source.folders)
    for file in layout.homeless:
        taken.leave_out(file, InputError("member_homeless", file=file))
    placed = {file: _Place(name, split, printable_path(layout.inside(file))) for file, name, split in layout.placed}
    return placed, list(layout.notes), taken


def _check_layout(placed: dict[str, _Place], request: ImportRequest, before: Album | None) -> None:
    """Refuses at once what could never be trained on."""
    names = {place.name for place in placed.values()} | set(before.rows.name if before else ())
    n_files = len(placed) + (len(before.rows) if before else 0)
    if not placed:
        raise InputError("import_no_classes", source=request.source)
    if n_files > min(MAX_PICTURES, MAX_FILES):
        raise InputError("import_too_many", received=n_files, allowed=MAX_PICTURES)
    if len(names) > MAX_CLASSES:
        raise InputError("import_too_many_classes", received=len(names), allowed=MAX_CLASSES)
    if len(names) == 1 and request.class_name is None and before is None:
        raise InputError("import_one_class", source=request.source, name=min(names))


def _note(step: Packed | Refused, placed: dict[str, _Place], taken: _Taken, request: ImportRequest) -> None:
    """Notes what came of one file."""
    if isinstance(step, Refused):
        taken.leave_out(step.file, step.error)
        return
    if request.most_bytes is not None and step.offset + step.length > request.most_bytes:
        raise StoreError("import_too_much_disk", left_mb=round(request.most_bytes / 1e6))
    if (step.kept.sha, placed[step.kept.file].name) in taken.known:
        taken.leave_out(step.kept.file, InputError("member_known", file=step.kept.file))
        return
    taken.pictures.append(step)
    taken.looks.setdefault(step.kept.sha, Signature(step.kept.hash, step.kept.small))


def _album(
    placed: dict[str, _Place], taken: _Taken, request: ImportRequest, before: Album | None, packs: tuple[str, ...]
) -> tuple[Album, list[Note]]:
    """Returns the album, and what was found out about its pictures."""
    if not taken.pictures:
        _refuse(taken, request)
    rows = _rows(placed, taken.pictures, len(packs) - 1)
    gone = sorted({place.name for place in placed.values()} - set(rows.name) - set(before.rows.name if before else ()))
    notes = [Note("class_empty", {"classes": gone})] if gone else []
    complete = set(rows.split.tolist()) - {UNKNOWN, TRAIN}
    if before is not None:
        rows = Rows.joined([before.rows, rows])
    n_before = len(before.rows) if before else 0
    rows, more = _without_crossing(rows, taken, n_before)
    notes += more
    if before is not None and not (rows.split == UNKNOWN).any():  # the pictures that it had stay where they were
        is_open = (np.arange(len(rows)) >= n_before) & (rows.split == TRAIN) & (len(complete) < 2)
        rows = replace(rows, split=np.where(is_open, UNKNOWN, rows.split))
        complete = complete if is_open.any() else {VALIDATION, TEST}
    labels = np.unique(rows.name.astype(str), return_inverse=True)[1]
    seed = before.seed if before else request.seed
    rows = replace(rows, split=assign_splits(labels, rows.sha, rows.twin, rows.split, seed, complete))
    is_grey = all(one.kept.is_grey for one in taken.pictures)
    if before is not None:
        return before.changed(rows, packs=packs, is_grey=is_grey and before.is_grey), notes
    return Album(rows.in_order(), packs, can_flip=request.can_flip, is_grey=is_grey, seed=seed), notes


def _refuse(taken: _Taken, request: ImportRequest) -> NoReturn:
    """Says why nothing could be taken in: of a single file its own reason, and of files that were all there already."""
    if len(taken.skipped) == 1 or {one["code"] for one in taken.skipped} == {"member_known"}:
        only = taken.skipped[0]
        raise InputError(only["code"], **{"file": only["file"].rpartition("/")[2], **only["values"]})
    raise InputError("import_no_pictures", source=request.source, n=len(taken.skipped), file=taken.skipped[0]["file"])


def _rows(placed: dict[str, _Place], pictures: Sequence[Packed], n_pack: int) -> Rows:
    """Returns the rows of new pictures, without their groups yet; their split is what their folder said."""
    kept = [one.kept for one in pictures]
    return Rows.of(
        {
            "file": [placed[one.file].called for one in kept],
            "sha": [one.sha for one in kept],
            "name": [placed[one.file].name for one in kept],
            "split": [placed[one.file].split for one in kept],
            "twin": list(range(len(kept))),
            "is_dropped": [False] * len(kept),
            "width": [one.width for one in kept],
            "height": [one.height for one in kept],
            "side": [one.side for one in kept],
            "pack": [n_pack] * len(kept),
            "offset": [one.offset for one in pictures],
            "length": [one.length for one in pictures],
        }
    )


def _grouped(rows: Rows, taken: _Taken) -> np.ndarray:
    """Returns the groups of near-duplicates among all pictures; `taken.looks` knows what each looks like."""
    hashes = np.array([taken.looks[sha].hash for sha in rows.sha], np.uint64)
    return near_duplicate_groups(rows.sha.tolist(), hashes, np.stack([taken.looks[sha].small for sha in rows.sha]))


def _without_crossing(rows: Rows, taken: _Taken, n_before: int) -> tuple[Rows, list[Note]]:
    """Finds near-duplicates, and leaves out those in another split: nothing is tested that was trained on.

    Of those in several splits those in the test stay, unless a class would have nothing to train on. What an album has
    already stays in any case; a new picture that resembles old ones in several splits is left out.
    """
    rows = replace(rows, twin=_grouped(rows, taken))
    is_kept, n_train = np.ones(len(rows), bool), Counter(rows.name[rows.split == TRAIN].tolist())
    for members in members_of(rows.twin):
        known = set(rows.split[members].tolist()) - {UNKNOWN}
        if len(known) < 2:
            continue
        new, old = members[members >= n_before], set(rows.split[members[members < n_before]].tolist())
        trained = Counter(rows.name[members][rows.split[members] == TRAIN].tolist())
        is_needed = any(n_train[name] <= n for name, n in trained.items())
        stays = old or {TRAIN if is_needed else max(known)}
        out = new if len(old) > 1 else new[~np.isin(rows.split[new], [UNKNOWN, *stays])]
        n_train -= Counter(rows.name[out][rows.split[out] == TRAIN].tolist())
        is_kept[out] = False
    out = np.flatnonzero(~is_kept)
    if not len(out):
        return rows, []
    for file in rows.file[out]:
        taken.leave_out(file, InputError("member_twin", file=file))
    rows = rows.taken(is_kept)
    return replace(rows, twin=_grouped(rows, taken)), [Note("twins_crossed", {"n": len(out)})]


def _take_over(
    albums: Albums, draft: Draft, record: AlbumRecord, before: Album, taken: _Taken
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
    shas, hashes, small = read_looks(folder)
    taken.looks |= {sha: Signature(int(hashes[at]), small[at]) for at, sha in enumerate(shas)}
    taken.known |= set(zip(before.rows.sha, before.rows.name, strict=True))
    return tuple(packs), content


def _committed(
    albums: Albums, draft: Draft, album: Album, request: ImportRequest, notes: list[dict], taken: _Taken
) -> AlbumRecord:
    looks = {sha: taken.looks[sha] for sha in sorted(set(album.rows.sha))}
    hashes = np.array([one.hash for one in looks.values()], np.uint64)
    with storage_errors(draft.folder):
        write_looks(draft.folder / LOOKS, looks, hashes, np.stack([one.small for one in looks.values()]))
    skipped = sorted(taken.skipped, key=lambda one: one["file"])
    former = request.into
    if former is None:
        record = AlbumRecord(
            album.id, request.owner, request.name, now(), request.source, visibility=request.visibility, notes=notes
        )
        return draft.commit(album, record, skipped)
    skipped = [*albums.skipped(former.id, by=Visitor(former.owner)), *skipped]
    return draft.commit(album, replace(former, notes=[*former.notes, *notes]), skipped, former=former)
