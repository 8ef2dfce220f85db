"""What a tree of files is, wherever it comes from; and the one that an archive holds."""

from pathlib import Path
from typing import BinaryIO, Protocol

from tl_core.errors import InputError
from tl_core.ingest.archive.archive import Archive, Member, Unread
from tl_core.ingest.containers.room import Room

MAX_FILES = 60_000


class Source(Protocol):
    """A tree of files, read one by one.

    Attributes:
        files: Relative paths with "/" between their parts, in order.
        folders: Folders that are there, also empty ones.
        unread: What was left out at the door, and why.

    Thread: `read` may be called from several threads.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    unread: tuple[Unread, ...]

    def read(self, file: str) -> bytes:
        """Returns a file's content.

        Raises:
            InputError: It cannot be read; always with `file`.
        """
        ...

    def open(self, file: str) -> BinaryIO:
        """Returns a file to be read piece by piece; it may be larger than a picture.

        Raises:
            InputError: It cannot be read; always with `file`.
            StoreError: "disk_full" or "home_not_writable": there is no place to unpack it.
        """
        data, room = self.read(file), Room()
        copy = room.open_file(len(data), file)
        with room.storage():
            copy.write(data)
            copy.seek(0)
        return copy

    def close(self) -> None: ...


class Zip(Source):
    """The members of an archive, read without unpacking it.

    Args:
        archive: Its path, or itself open for reading; closed with this, or if it is none.
        name: What people call it.

    Raises:
        ArchiveError: It cannot be used as a whole.
    """

    def __init__(self, archive: Path | BinaryIO, name: str, room: Room | None = None) -> None:
        file = open_at(archive, name) if isinstance(archive, Path) else archive
        self._archive, self._room = Archive(file, name), room or Room()
        self._members: dict[str, Member] = {member.path: member for member in self._archive.members}
        self.files = tuple(self._members)
        self.folders, self.unread = self._archive.folders, self._archive.unread

    def read(self, file: str) -> bytes:
        try:
            return self._archive.read(self._members[file])
        except OSError as error:
            raise unreadable(error, file) from error

    def open(self, file: str) -> BinaryIO:
        member = self._members[file]
        unpacked = self._room.open_file(member.n_bytes, file)
        try:
            with self._room.storage():
                self._archive.copy(member, unpacked)
        except BaseException:
            unpacked.close()
            raise
        unpacked.seek(0)
        return unpacked

    def close(self) -> None:
        self._archive.close()


def open_at(path: Path, file: str) -> BinaryIO:
    """Returns an open file.

    Raises:
        InputError: "file_unreadable".
    """
    try:
        return open(path, "rb")
    except OSError as error:
        raise unreadable(error, file) from error


def unreadable(error: OSError, file: str) -> InputError:
    """Returns the error of a file or folder that the system does not let us read."""
    return InputError("file_unreadable", file=file, reason=error.strerror or type(error).__name__)
