"""Archives in an archive or a folder, one level deep: one for each class, or train.zip and test.zip."""

import re
from itertools import takewhile
from pathlib import PurePosixPath

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.archive.archive import Unread
from tl_core.ingest.containers.array_files import is_arrays
from tl_core.ingest.containers.kinds import opened_kind, refused_kind
from tl_core.ingest.containers.room import Room
from tl_core.ingest.labels.split_words import split_named
from tl_core.ingest.trees import Source, Zip

_SAMPLES = re.compile(r"[-_ ]?samples?$", re.IGNORECASE)


class InnerZip(Source):
    """An archive that lies in the tree, under the name of its class or split."""

    def __init__(self, archive: Zip, prefix: str) -> None:
        self._archive = archive
        n_around = _n_around(archive.files) if prefix else 0
        self._paths: dict[str, str] = {}
        unread = [Unread(_under(prefix, one.file, 0), one.code, one.values) for one in archive.unread]
        for file in archive.files:
            path = _under(prefix, file, n_around)
            if opened_kind(file) or refused_kind(file):
                unread.append(Unread(path, "import_nested", {}))
            else:
                self._paths[path] = file
        self.files, self.unread = tuple(sorted(self._paths)), tuple(unread)
        self.folders = tuple(
            sorted({_under(prefix, folder, n_around) for folder in archive.folders} - {""}) if not n_around else ()
        )

    def read(self, file: str) -> bytes:
        return self._archive.read(self._paths[file])

    def close(self) -> None:
        self._archive.close()


def open_inner(source: Source, file: str, room: Room, *, is_only: bool) -> Source | None:
    """Returns an archive of a tree as folders of pictures; None if it is one of arrays.

    Args:
        source: The tree.
        file: The archive in it.
        room: Where it is brought if it lies in an archive.
        is_only: Whether there is no other in the tree; then its name says nothing.

    Raises:
        InputError: What is wrong with it. StoreError: "disk_full" or "home_not_writable".
    """
    archive = Zip(source.open(file), file, room)
    if is_arrays(archive):
        archive.close()
        return None
    return InnerZip(archive, prefix_of(file, is_only=is_only))


def prefix_of(file: str, *, is_only: bool) -> str:
    """Returns the folder that an archive stands for: its name without the ending and Teachable Machine's word."""
    stem = PurePosixPath(file).stem
    name = _SAMPLES.sub("", stem) or stem
    if is_only and name == stem and split_named(stem) == UNKNOWN:
        return ""
    folder = file.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name


def is_samples(name: str) -> bool:
    """Says whether an archive is called like Teachable Machine's samples of one class, "Class 1-samples.zip"."""
    stem = PurePosixPath(name).stem
    return bool(_SAMPLES.search(stem)) and bool(_SAMPLES.sub("", stem))


def _n_around(files: tuple[str, ...]) -> int:
    """Returns how many folders lie around everything in an archive."""
    folders = [file.split("/")[:-1] for file in files]
    return sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False)))


def _under(prefix: str, file: str, n_around: int) -> str:
    parts = file.split("/")[n_around:]
    return "/".join(([prefix] if prefix else []) + parts)
