"""A folder on this machine as a tree of files. Links are followed where they stay below an allowed folder."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.errors import ImageError, InputError
from tl_core.ingest.archive.archive import Unread, is_systems_own
from tl_core.ingest.trees import MAX_FILES, Source, open_at, unreadable

_Identity = tuple[int, int]  # of a folder on a disk: its device and number


class _Found(NamedTuple):
    """A folder still to be looked into: its path in the tree, and the identities of all folders around it."""

    inside: str
    around: frozenset[_Identity]


class Folder(Source):
    """The regular files below a folder, and those that links lead to. Devices, hidden files and loops are left out.

    Args:
        path: Where it lies.
        links: The folder below which what a link leads to must lie; None for `path` itself.
    """

    def __init__(self, path: Path, links: Path | None = None) -> None:
        self._path, self._allowed = path, (links or path).resolve()
        self._folders: list[str] = []
        self._unread: list[Unread] = []
        self.files = tuple(sorted(self._walk()))
        self.folders = tuple(sorted(self._folders))
        self.unread = tuple(sorted(self._unread))

    def _walk(self) -> Iterator[str]:
        waiting, n_found = [_Found("", frozenset({_identity(self._path.stat())}))], 0
        while waiting:
            below = waiting.pop()
            for called in self._names_in(below.inside):
                name = f"{below.inside}/{called}" if below.inside else called
                if is_systems_own(called):
                    continue
                found = self._looked_at(name, below.around)
                if isinstance(found, Unread):
                    self._unread.append(found)
                    continue
                n_found += 1
                if n_found > MAX_FILES:  # folders count as well: links can make many of few
                    raise InputError("import_entries", received=f"> {MAX_FILES:,}", allowed=MAX_FILES)
                if stat.S_ISDIR(found.st_mode):
                    self._folders.append(name)
                    waiting.append(_Found(name, below.around | {_identity(found)}))
                else:
                    yield name

    def _names_in(self, inside: str) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._path / inside)]
        except OSError as error:
            raise unreadable(error, inside or self._path.name) from error

    def _looked_at(self, name: str, around: frozenset[_Identity]) -> os.stat_result | Unread:
        """Returns what a path leads to where that is a file or a folder; else why it is left out."""
        path = self._path / name
        try:
            is_link = stat.S_ISLNK(path.lstat().st_mode)
            found = path.stat()
        except FileNotFoundError:
            return Unread(name, "member_link_broken", {})
        except OSError as error:
            if error.errno == errno.ELOOP:
                return Unread(name, "member_link_loop", {})
            raise unreadable(error, name) from error
        if is_link and not self._is_allowed(path):
            return Unread(name, "member_link_outside", {})
        if not stat.S_ISDIR(found.st_mode) and not stat.S_ISREG(found.st_mode):
            return Unread(name, "member_device", {})
        if is_link and _identity(found) in around:
            return Unread(name, "member_link_loop", {})
        return found

    def _is_allowed(self, path: Path) -> bool:
        real = path.resolve()
        return real == self._allowed or self._allowed in real.parents

    def read(self, file: str) -> bytes:
        """Returns a file's content.

        Raises:
            InputError: "file_unreadable"; also where a link was changed to lead elsewhere since it was looked at.
            ImageError: "image_bytes".
        """
        return content_of(self._allowed_path(file), file)

    def open(self, file: str) -> BinaryIO:
        """Returns a file to be read piece by piece.

        Raises:
            InputError: As `read`.
        """
        return open_at(self._allowed_path(file), file)

    def _allowed_path(self, file: str) -> Path:
        path = self._path / file
        if not self._is_allowed(path) and self._path.resolve() not in path.resolve().parents:
            raise InputError("member_link_outside", file=file)
        return path

    def close(self) -> None:
        return


def _identity(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino


def content_of(path: Path, file: str) -> bytes:
    """Returns a file's content, unless it is larger than any picture may be.

    Raises:
        InputError: "file_unreadable".
        ImageError: "image_bytes".
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageError("image_bytes", file=file, received_mb=size / 1e6, allowed_mb=MAX_FILE_BYTES / 1e6)
        with open(path, "rb") as content:
            return content.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise unreadable(error, file) from error
