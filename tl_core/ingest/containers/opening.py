"""Opens what holds pictures inside, as folders of pictures: arrays, tables of pixels, Parquet, archives, projects.

Each picture is made when it is read, and goes through the same door as any other. Classes and splits that the container
tells become folders, which the readings of a tree understand.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tl_core.datasets.images.decode import safe_name
from tl_core.errors import InputError
from tl_core.ingest.archive.archive import Unread
from tl_core.ingest.containers.archives import is_samples, open_inner, prefix_of
from tl_core.ingest.containers.array_files import is_arrays, read_idx, read_npy, read_npz
from tl_core.ingest.containers.array_pictures import pictures_of
from tl_core.ingest.containers.kinds import (
    HEAD_BYTES,
    is_called_otherwise,
    is_called_picture,
    is_called_table,
    opened_kind,
    opened_start,
    refusal,
    refused_kind,
)
from tl_core.ingest.containers.made import Made, check_number
from tl_core.ingest.containers.parquet import open_parquet
from tl_core.ingest.containers.pixel_tables import is_pixel_table, open_pixel_table
from tl_core.ingest.containers.room import Room
from tl_core.ingest.containers.teachable import renamed_samples
from tl_core.ingest.trees import Source, Zip, open_at, unreadable

MAX_CONTAINERS = 200  # each keeps a file open
_START_BYTES = 2_000_000


class Opened(Source):
    """A tree in which what holds pictures has been opened.

    Args:
        source: The tree.
        paths: Path here → where it lies and what it is called there.
        unread: What is left out, beside what the tree leaves out itself.
        inner: What was opened, closed with this.
    """

    def __init__(
        self, source: Source, paths: dict[str, tuple[Source, str]], unread: list[Unread], inner: list[Source]
    ) -> None:
        self._source, self._paths, self._inner = source, paths, inner
        self.files = tuple(sorted(paths))
        self.folders = tuple(sorted({*source.folders, *(folder for one in inner for folder in one.folders)}))
        self.unread = (*source.unread, *(left for one in inner for left in one.unread), *unread)

    def read(self, file: str) -> bytes:
        source, called = self._paths[file]
        return source.read(called)

    def open(self, file: str) -> BinaryIO:
        source, called = self._paths[file]
        return source.open(called)

    def close(self) -> None:
        for one in (*self._inner, self._source):
            one.close()


class _OneFile(Source):
    """A single file as a tree."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self.files, self.folders, self.unread = path, (name,), (), ()

    def read(self, file: str) -> bytes:
        with self.open(file) as content:
            return content.read(_START_BYTES)

    def open(self, file: str) -> BinaryIO:
        return open_at(self._path, file)

    def close(self) -> None:
        return


def open_file(path: Path, name: str) -> Source:
    """Returns the pictures of a single file: an archive, arrays, a table of pixels …

    Args:
        path: Where it lies.
        name: What people call it; its ending says little, its content decides.

    Raises:
        InputError: What it is, and what to do instead.
    """
    with open_at(path, name) as file:
        head = file.read(HEAD_BYTES)
    kind = opened_start(head) or (opened_kind(name) if head.startswith(b"\x1f\x8b") else None)
    if kind in ("npy", "idx", "parquet"):
        return _opened(_OneFile(path, name), {name: kind}, name)
    if kind != "zip":
        if (refused := refused_kind(name, head)) is not None:
            raise refusal(refused, name)
        with open_at(path, name) as file:
            if is_called_table(name) and is_pixel_table(file.read(_START_BYTES)):
                return _opened(_OneFile(path, name), {name: "pixels"}, name)
    archive = _zip(path, name)
    if is_arrays(archive):
        archive.close()
        return _opened(_OneFile(path, name), {name: "npz"}, name)
    return open_containers(archive, name)


def _zip(path: Path, name: str) -> Zip:
    try:
        return Zip(path, name)
    except OSError as error:
        raise unreadable(error, name) from error


def open_containers(source: Source, name: str) -> Source:
    """Returns a tree with all that holds pictures opened; the tree itself where there is nothing to open.

    Args:
        source: The tree; closed if this fails.
        name: What people call it.

    Raises:
        InputError: There are no pictures in it but something else: what that is, and what to do instead; or
            "import_containers": there is too much to open.
        StoreError: "disk_full" or "home_not_writable".
    """
    try:
        return _opened(source, _kinds(source), name)
    except BaseException:
        source.close()
        raise


def _kinds(source: Source) -> dict[str, str]:
    """Returns what is to be opened, file → kind; tables of pixels only where there is no picture."""
    kinds = {file: kind for file in source.files if (kind := opened_kind(file))}
    if not any(is_called_picture(file) for file in source.files):
        tables = [file for file in source.files if is_called_table(file)][:MAX_CONTAINERS]
        kinds |= {file: "pixels" for file in tables if _is_pixels(source, file)}
    return kinds


def _is_pixels(source: Source, file: str) -> bool:
    try:
        with source.open(file) as content:
            return is_pixel_table(content.read(_START_BYTES))
    except InputError:
        return False


def _opened(source: Source, kinds: dict[str, str], name: str) -> Source:
    refused = {file: kind for file in source.files if file not in kinds and (kind := refused_kind(file))}
    samples = renamed_samples(source)
    is_flat = isinstance(source, Zip) and is_samples(name) and not any("/" in file for file in source.files)
    if not kinds and not refused and not samples and not is_flat:
        return source
    if len(kinds) > MAX_CONTAINERS:
        raise InputError("import_containers", source=name, received=len(kinds), allowed=MAX_CONTAINERS)
    rest = [file for file in source.files if file not in kinds and file not in refused]
    unread = [_unread(file, refusal(kind, file)) for file, kind in refused.items()]
    inner: list[Source] = []
    try:
        for opening in _openings(source, kinds, rest, unread, name):
            inner.append(opening)
            check_number(len(rest) + sum(len(one.files) for one in inner))
    except BaseException:
        for one in inner:
            one.close()
        raise
    paths = _paths(source, rest, samples, prefix_of(name, is_only=True) if is_flat else "")
    for one in inner:
        for path in one.files:
            paths[_free(path, paths)] = (one, path)
    if unread and not any(one.files for one in inner) and all(is_called_otherwise(file) for file in paths):
        for one in inner:
            one.close()
        raise InputError(unread[0].code, file=safe_name(unread[0].file), **unread[0].values)
    return Opened(source, paths, unread, inner)


def _paths(source: Source, rest: list[str], samples: dict[str, str], folder: str) -> dict[str, tuple[Source, str]]:
    """Returns what stays of the tree itself, with the samples of a project in folders of their classes."""
    if samples:
        return {path: (source, file) for path, file in samples.items()}
    return {f"{folder}/{file}" if folder else file: (source, file) for file in rest}


def _free(path: str, paths: dict[str, tuple[Source, str]]) -> str:
    """Returns a path that is not taken yet."""
    folder, slash, file = path.rpartition("/")
    n = 1
    while path in paths:
        n += 1
        path = f"{folder}{slash}{n}-{file}"
    return path


def _openings(
    source: Source, kinds: dict[str, str], rest: list[str], unread: list[Unread], name: str
) -> Iterator[Source]:
    """Yields what was opened, and notes what could not be."""
    room, archives = Room(), [file for file, kind in kinds.items() if kind == "zip"]
    has_pictures = any(is_called_picture(file) for file in rest)
    for file in archives:
        try:
            opened = open_inner(source, file, room, is_only=len(archives) == 1 and not has_pictures)
        except InputError as error:
            unread.append(_unread(file, error))
            continue
        if opened is None:
            kinds = {**kinds, file: "npz"}
        else:
            has_pictures = has_pictures or any(is_called_picture(inside) for inside in opened.files)
            yield opened
    others = {file: kind for file, kind in kinds.items() if kind != "zip"}
    if has_pictures:
        unread += [Unread(file, "import_beside", {}) for file in others]
        return
    for together, open_them in _groups(source, others, room):
        try:
            yield open_them()
        except InputError as error:
            unread += [_unread(file, error) for file in together]


def _groups(source: Source, kinds: dict[str, str], room: Room) -> Iterator[tuple[list[str], Callable[[], Source]]]:
    """Yields what is opened together, the files of one kind in one folder, and how."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for file, kind in kinds.items():
        alone = file if kind in ("npz", "pixels") else ""
        groups.setdefault((kind, file.rpartition("/")[0], alone), []).append(file)
    for (kind, _, _), files in groups.items():
        if kind == "parquet":
            yield files, lambda files=files: open_parquet([(file, source.open(file)) for file in files], room)
        elif kind == "pixels":
            yield files, lambda file=files[0]: open_pixel_table(file, source.open(file), room)
        elif kind == "npz":
            yield files, lambda file=files[0]: _open_npz(source, file, room)
        else:
            yield files, lambda files=files, kind=kind: _open_arrays(source, files, kind, room)


def _open_npz(source: Source, file: str, room: Room) -> Source:
    with closing(Zip(source.open(file), file, room)) as archive:
        return _made(lambda opened: read_npz(archive, opened), file)


def _open_arrays(source: Source, files: list[str], kind: str, room: Room) -> Source:
    """Opens arrays of which each lies in a file of its own: x_train.npy beside y_train.npy, or IDX."""

    def read(opened: list[BinaryIO]) -> dict[str, np.ndarray]:
        arrays = {}
        for file in files:
            opened.append(source.open(file))
            name = file.rpartition("/")[2].partition(".")[0]
            if kind == "idx":
                arrays[name], opened[-1] = read_idx(opened[-1], file, room)
            else:
                arrays[name] = read_npy(opened[-1], file)
        return arrays

    return _made(read, files[0])


def _made(read: Callable[[list[BinaryIO]], dict[str, np.ndarray]], file: str) -> Source:
    """Returns the pictures in arrays; what was opened for them is closed with them, or if there are none."""
    opened: list[BinaryIO] = []
    try:
        return Made(*pictures_of(read(opened), file), opened)
    except BaseException:
        for content in opened:
            content.close()
        raise


def _unread(file: str, error: InputError) -> Unread:
    return Unread(file, error.code, {name: value for name, value in error.values.items() if name != "file"})
