"""A visitor's own data set on disk: pictures in packs, and a list that says of each how it is called and where it goes.

A folder `datasets/own/<id>` never changes: an edit makes another one, which shares the packs. The id follows from the
content, so the same pictures, sorted the same way, are the same data set, no matter who brought them, and how.

    about.json         classes, counts, what was chosen
    pictures.parquet   one row a picture, in the order of class, identity and file
    looks.npz          what near-duplicates are told by, one row a different picture
    pack-….bin         kept pictures, one lossless WebP after the other: square, at most 256 px
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.images.decode import KEPT_SIDE_PX, decode_image
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.datasets.own.looks import Looks, Signature
from tl_core.datasets.own.rows import COLUMN_TYPES, Rows
from tl_core.datasets.own.splits import SPLITS, lacking_classes
from tl_core.errors import ImageError, UnavailableError

PREFIX = "own-"
ALBUMS = Path("datasets", "own")
ABOUT, PICTURES, LOOKS = "about.json", "pictures.parquet", "looks.npz"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Album:
    """A visitor's own data set.

    Attributes:
        rows: All its pictures, in their order.
        packs: Names of the files that hold them.
        excluded: Classes that are left out; their pictures stay.
        can_flip: Whether a mirrored picture still shows its class.
        is_grey: Whether no picture has a colour.
        seed: Of the split.
        given: Splits that a person gave: 0 train, 1 validation, 2 test; the others were drawn.
        preparation: How its pictures were made ready, and others are that a run trained on it is asked about.
    """

    rows: Rows
    packs: tuple[str, ...]
    excluded: frozenset[str] = frozenset()
    can_flip: bool = True
    is_grey: bool = False
    seed: int = 0
    given: frozenset[int] = frozenset()
    preparation: Preparation = PLAIN

    @cached_property
    def id(self) -> str:
        """The name used in specs, links and records: it follows from pictures, classes, splits and files' names."""
        rows, whole = self.rows.in_order(), hashlib.sha256()
        facts: list = [VERSION, self.can_flip, sorted(self.excluded), self.seed]
        facts += [sorted(self.given)] if self.given else []  # an album without keeps the id that it always had
        facts += [self.preparation.to_dict()] if self.preparation != PLAIN else []
        whole.update(json.dumps(facts).encode())
        groups = [rows.group] if any(rows.group) else []
        for column in (rows.file, rows.sha, rows.name, rows.split.tolist(), rows.is_dropped.tolist(), *groups):
            whole.update(json.dumps(list(column)).encode())
        return PREFIX + whole.hexdigest()[:20]

    @cached_property
    def is_used(self) -> np.ndarray:
        """bool (N,): neither dropped nor of a class that is left out."""
        return ~self.rows.is_dropped & np.array([name not in self.excluded for name in self.rows.name], bool)

    @cached_property
    def used(self) -> Rows:
        """The rows that are trained and tested on; a picture's number in the data set is its place here."""
        return self.rows.taken(self.is_used)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes in use, in order; a label is an index into them."""
        return tuple(sorted(set(self.used.name)))

    @cached_property
    def labels(self) -> np.ndarray:
        """int64 (used,), the label of each picture in use."""
        place = {name: at for at, name in enumerate(self.classes)}
        return np.array([place[name] for name in self.used.name], np.int64)

    @cached_property
    def info(self) -> DatasetInfo:
        """What the rest of the house knows of a data set."""
        n_train, n_validation, n_test = (int((self.used.split == split).sum()) for split in range(len(SPLITS)))
        return DatasetInfo(
            id=self.id,
            file=PICTURES,
            classes=self.classes,
            source="",
            licence="",
            n_train=n_train,
            n_validation=n_validation,
            n_test=n_test,
            image_size=int(self.used.side.max()) if len(self.used) else KEPT_SIDE_PX,
            channels=1 if self.is_grey else 3,
            can_flip=self.can_flip,
            origin="own",
            lacks=lacking_classes(self.used.name, self.used.split, self.given),
            preparation=self.preparation,
        )

    def changed(self, rows: Rows | None = None, **more: object) -> "Album":
        """Returns an album with other rows, or other choices."""
        return replace(self, rows=(self.rows if rows is None else rows).in_order(), **more)


def is_own(id: str) -> bool:
    """Says whether an id is that of an album, before any is looked up."""
    digits = id.removeprefix(PREFIX)
    return id.startswith(PREFIX) and len(digits) == 20 and set(digits) <= set("0123456789abcdef")


def own_folder(home: Path, id: str) -> Path:
    """Returns where an album lies; `id` must be one (`is_own`)."""
    if not is_own(id):
        raise ValueError(id)
    return home / ALBUMS / id


def album_files(album: Album) -> dict[str, bytes]:
    """Returns the content of the files that describe an album; its packs are there already."""
    columns = {name: list(getattr(album.rows, name)) for name in COLUMN_TYPES}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd", write_page_checksum=True)
    about = {
        "version": VERSION,
        "id": album.id,
        "packs": list(album.packs),
        "excluded": sorted(album.excluded),
        "can_flip": album.can_flip,
        "is_grey": album.is_grey,
        "seed": album.seed,
        "given": sorted(album.given),
        "info": {name: getattr(album.info, name) for name in (*_COUNTED, "lacks")},
    }
    if album.preparation != PLAIN:
        about["preparation"] = album.preparation.to_dict()
    return {PICTURES: sink.getvalue().to_pybytes(), ABOUT: json.dumps(about, ensure_ascii=False).encode()}


_COUNTED = ("classes", "n_train", "n_validation", "n_test", "image_size", "channels", "can_flip")


def read_info(folder: Path) -> DatasetInfo:
    """Returns what is known of an album without reading its list of pictures.

    Raises:
        UnavailableError: "dataset_damaged", also where there is none.
    """
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        told = about["info"]
        known: dict = {name: told[name] for name in _COUNTED} | {"classes": tuple(told["classes"])}
        if "lacks" in told:
            known["lacks"] = tuple((split, tuple(classes)) for split, classes in told["lacks"])
        else:  # of an older album
            known["lacks"] = read_album(folder).info.lacks
        known["preparation"] = _preparation(about)
        return DatasetInfo(id=folder.name, file=PICTURES, source="", licence="", origin="own", **known)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(folder, ABOUT) from error


def read_album(folder: Path) -> Album:
    """Returns an album; its pictures are read when they are asked for.

    Raises:
        UnavailableError: "dataset_damaged", also where there is none.
    """
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        table = pq.read_table(folder / PICTURES, page_checksum_verification=True)
        rows = Rows.of({name: table[name].to_pylist() for name in table.column_names if name in COLUMN_TYPES})
        album = Album(
            rows,
            tuple(about["packs"]),
            frozenset(about["excluded"]),
            can_flip=about["can_flip"],
            is_grey=about["is_grey"],
            seed=about["seed"],
            given=frozenset(about.get("given", ())),
            preparation=_preparation(about),
        )
    except (OSError, ValueError, TypeError, KeyError, OverflowError, pa.ArrowException) as error:
        raise _damaged(folder, PICTURES) from error
    if album.id != folder.name:
        raise _damaged(folder, PICTURES)
    return album


def _preparation(about: dict) -> Preparation:
    """Returns how the pictures were made ready; albums that were the usual way, such as all early ones, do not say."""
    return Preparation.from_dict(about.get("preparation", {}))


def _damaged(folder: Path, file: str) -> UnavailableError:
    return UnavailableError("dataset_damaged", dataset=folder.name, file=file)


def write_looks(path: Path, shas: Collection[str], looks: Looks) -> None:
    """Keeps what near-duplicates are told by: pictures that are added later are compared without reading all others.

    Args:
        path: The file.
        shas: Identities, each once.
        looks: What each looks like.

    Raises:
        OSError: The disk refuses.
    """
    with open(path, "wb") as file:
        np.savez(file, sha=np.array(list(shas), "S64"), **looks._asdict())
        file.flush()
        os.fsync(file.fileno())


def read_looks(folder: Path) -> dict[str, Signature]:
    """Returns what `write_looks` wrote, by identity. What older albums kept is too coarse: theirs is empty.

    Raises:
        UnavailableError: "dataset_damaged".
    """
    try:
        with open(folder / LOOKS, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            shas = [sha.decode("ascii") for sha in file["sha"]]
            if "fine" not in file:
                return {}
            columns = Looks(*(file[name] for name in Looks._fields))
            signatures = (Signature(int(row[0]), row[1], row[2], int(row[3])) for row in zip(*columns, strict=True))
            return dict(zip(shas, signatures, strict=True))
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(folder, LOOKS) from error


def identity(square: np.ndarray) -> str:
    """Returns the SHA-256 of a kept picture's size and pixels: equal for equal pictures, whatever file they came in."""
    whole = hashlib.sha256(len(square).to_bytes(4, "big"))
    whole.update(square.tobytes())
    return whole.hexdigest()


class PackedPictures(Sequence):
    """The pictures of some rows, each decoded when it is asked for: uint8 (S, S, 3), S at most 256.

    The packs are mapped, not read: 50,000 pictures take no memory until somebody looks at them. What comes out has the
    identity that the list promises.

    Raises:
        UnavailableError: "dataset_damaged", also when a picture is asked for.

    Args:
        folder: Of the album.
        packs: Names of its packs.
        rows: Which pictures.

    Thread: any.
    """

    def __init__(self, folder: Path, packs: Sequence[str], rows: Rows) -> None:
        self._folder, self._names, self._rows = folder, packs, rows
        try:
            self._packs = [np.memmap(folder / pack, np.uint8, "r") for pack in packs]
        except (OSError, ValueError) as error:
            raise _damaged(folder, ", ".join(packs)[:80]) from error

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> np.ndarray:
        problem = None
        try:
            picture = decode_image(self.encoded(at), self._rows.file[at])
            if identity(picture) == self._rows.sha[at]:
                return picture
        except ImageError as error:
            problem = error
        raise _damaged(self._folder, self._names[int(self._rows.pack[at])]) from problem  # it was kept whole

    def encoded(self, at: int) -> bytes:
        """Returns a picture as the WebP file that is kept of it."""
        rows = self._rows
        start = int(rows.offset[at])
        return self._packs[rows.pack[at]][start : start + int(rows.length[at])].tobytes()
