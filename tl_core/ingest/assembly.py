"""From kept pictures to the rows of an album: near-duplicates found, none of them in two splits, every one placed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np

from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.near_duplicates import members_of, near_duplicate_groups
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.rows import Rows
from tl_core.datasets.own.splits import TEST, TRAIN, UNKNOWN, VALIDATION, assign_splits
from tl_core.errors import InputError
from tl_core.ingest.packs import Packed
from tl_core.ingest.places import Place
from tl_core.ingest.request import ImportRequest, Taken


def assemble_album(
    placed: dict[str, Place],
    taken: Taken,
    request: ImportRequest,
    before: Album | None,
    packs: tuple[str, ...],
    preparation: Preparation = PLAIN,
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
        return before.changed(rows, packs=packs, is_grey=is_grey and before.is_grey, preparation=preparation), notes
    album = Album(rows.in_order(), packs, can_flip=request.can_flip, is_grey=is_grey, seed=seed)
    return replace(album, preparation=preparation), notes


def _refuse(taken: Taken, request: ImportRequest) -> NoReturn:
    """Says why nothing could be taken in: of a single file its own reason, and of files that were all there already."""
    if len(taken.skipped) == 1 or {one["code"] for one in taken.skipped} == {"member_known"}:
        only = taken.skipped[0]
        raise InputError(only["code"], **{"file": only["file"].rpartition("/")[2], **only["values"]})
    raise InputError("import_no_pictures", source=request.source, n=len(taken.skipped), file=taken.skipped[0]["file"])


def _rows(placed: dict[str, Place], pictures: Sequence[Packed], n_pack: int) -> Rows:
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


def _grouped(rows: Rows, taken: Taken) -> np.ndarray:
    """Returns the groups of near-duplicates among all pictures; `taken.looks` knows what each looks like."""
    hashes = np.array([taken.looks[sha].hash for sha in rows.sha], np.uint64)
    return near_duplicate_groups(rows.sha.tolist(), hashes, np.stack([taken.looks[sha].small for sha in rows.sha]))


def _without_crossing(rows: Rows, taken: Taken, n_before: int) -> tuple[Rows, list[Note]]:
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
