"""The one door for ZIPs: lists what is in an archive and reads one file of it at a time.

Nothing is ever written: a member's path is a text by which to group pictures, not a place on a disk. What the directory
promises is checked when an archive is opened; what a member holds is checked against that promise when it is read.
"""

import stat
import struct
import zlib
from bisect import bisect_right
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tl_core.datasets.images.decode import safe_name
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.disk.files import read_at
from tl_core.errors import ArchiveError
from tl_core.ingest.archive.directory import LOCAL_HEADER_BYTES, Entry, read_directory
from tl_core.ingest.archive.names import decode_names, shown_path
from tl_core.ingest.archive.unpacking import DEFLATE, STORE, unpacked, unpacked_pieces

ACCEPTED_METHODS = ("Store", "Deflate")
MAX_PATH_LENGTH = 1000
MAX_CONTAINER_BYTES = 4_000_000_000
CONTAINER_ENDINGS = (".zip", ".npz", ".npy", ".parquet", ".csv", ".gz", "-ubyte")
"""Of members that may hold pictures themselves, and be larger than one."""

_LOCAL = struct.Struct("<4s2xHH16xHH")
_METHODS = {
    **{1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 19: "LZ77"},
    **{20: "Zstandard", 93: "Zstandard", 94: "MP3", 95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES"},
    **dict.fromkeys(range(2, 6), "Reduce"),
}
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DOS_FOLDER = 0x10
_SYSTEM_FOLDER = "__MACOSX"
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})


class Member(NamedTuple):
    """One file of an archive that may be a picture.

    Attributes:
        path: Relative, parts separated by "/", none of them empty, "." or "..".
        n_bytes: Size once unpacked, as declared.
        entry: Its row in the directory, which `Archive.read` needs.
    """

    path: str
    n_bytes: int
    entry: Entry


class Unread(NamedTuple):
    """One file of an archive that was left out.

    Attributes:
        file: Its path, fit to be shown.
        code: Key in the [errors] table, "member_path" for example.
        values: What that sentence names besides `file`.
    """

    file: str
    code: str
    values: dict


class Archive:
    """An open archive, to be closed or used in a `with`.

    Attributes:
        members: The files that may be pictures, in the order of their paths; of two with one path the later.
        folders: Paths of the folders that have an entry of their own, sorted; they may be empty.
        unread: What was left out and why, in the order of the directory. System files are left out without a word.
        encoding: How names that do not state it were read: "ascii" (plain), "utf-8", "gb18030", "cp932" or "cp437".

    Thread: any, also several at once.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        try:
            self._list(safe_name(name))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; nothing can be read any more."""
        self._file.close()

    def read(self, member: Member) -> bytes:
        """Returns a member's content.

        Args:
            member: One of `members`.

        Raises:
            ArchiveError: member_damaged: it is not what the directory promises. member_bytes: it is too large for a
                picture; `copy` brings it out.

        Units: at most 50 MB; the memory needed is about twice that plus the packed size.
        """
        if error := _too_large(member.entry, member.path, MAX_FILE_BYTES):
            raise error
        fd = self._file.fileno()
        try:
            packed = self._packed(fd, member.entry)
            return unpacked(packed, member.entry)
        except (struct.error, zlib.error, ValueError, OverflowError) as error:
            raise ArchiveError("member_damaged", file=shown_path(member.path)) from error

    def copy(self, member: Member, target: BinaryIO) -> None:
        """Writes a member's content into an open file, piece by piece; it may be larger than a picture.

        Raises:
            ArchiveError: member_damaged: it is not what the directory promises.
            OSError: The disk refuses.

        Units: the memory needed is a few MB.
        """
        entry, fd = member.entry, self._file.fileno()
        try:
            for data in unpacked_pieces(fd, self._start(fd, entry), entry):
                target.write(data)
        except (struct.error, zlib.error, ValueError, OverflowError) as error:
            raise ArchiveError("member_damaged", file=shown_path(member.path)) from error

    def _list(self, file: str) -> None:
        entries, directory_start = read_directory(self._file.fileno(), file)
        self._starts = sorted({directory_start, *(entry.offset for entry in entries)})
        names, self.encoding = decode_names(entries)
        members, folders, unread = _sort_out(entries, names, directory_start)
        if not members:
            raise _no_members(unread, file)
        self.members = tuple(members[path] for path in sorted(members))
        self.folders = tuple(sorted(folders))
        self.unread = tuple(unread)

    def _packed(self, fd: int, entry: Entry) -> bytes:
        """Returns a member's bytes as they lie in the archive."""
        return read_at(fd, entry.packed, self._start(fd, entry))

    def _start(self, fd: int, entry: Entry) -> int:
        """Returns where a member's bytes begin, if its own header tells what the directory tells."""
        header = read_at(fd, LOCAL_HEADER_BYTES + len(entry.name), entry.offset)
        signature, flags, method, n_name, n_extra = _LOCAL.unpack_from(header)
        start = entry.offset + LOCAL_HEADER_BYTES + n_name + n_extra
        if signature != b"PK\3\4" or header[LOCAL_HEADER_BYTES:] != entry.name or n_name != len(entry.name):
            raise ValueError("another file's header")
        if method != entry.method or flags & _ENCRYPTED:
            raise ValueError("header and directory disagree")
        if start + entry.packed > self._starts[bisect_right(self._starts, entry.offset)]:
            raise ValueError("reaches into what follows")
        return start


def open_archive(path: Path, name: str) -> Archive:
    """Opens a ZIP and lists it; nothing is unpacked yet.

    Args:
        path: The file; it must stay as it is until the archive is closed.
        name: What the visitor called it, for messages.

    Returns:
        The open archive, with at least one member.

    Raises:
        ArchiveError: It cannot be used as a whole. One code for each reason.
        OSError: There is no such file, or it cannot be opened.

    Units: limits in `directory`; they hold opening under a second and about 60 MB.
    """
    return Archive(open(path, "rb"), name)


# --- what a member may be


def _sort_out(
    entries: list[Entry], names: list[str], directory_start: int
) -> tuple[dict[str, Member], set[str], list[Unread]]:
    """Returns an archive's files by their paths, its folders, and what is left out; not what is ignored."""
    members: dict[str, Member] = {}
    folders, unread = set(), []
    for entry, name in zip(entries, names, strict=True):
        path = _clean(name)
        if path is None:
            unread.append(_unread(ArchiveError("member_path", file=shown_path(name))))
        elif not path or is_systems_own(path):
            continue
        elif _is_folder(entry, name):
            folders.add(path)
        elif objection := _objection(entry, path, directory_start):
            unread.append(_unread(objection))
        else:
            if path in members:
                unread.append(_unread(ArchiveError("member_twice", file=shown_path(path))))
            members[path] = Member(path, entry.n_bytes, entry)
    return members, folders, unread


def _clean(name: str) -> str | None:
    """Returns the path without empty and "." parts; None if it is not relative, leads upwards or is far too long."""
    as_on_windows = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part and part != "."]
    is_absolute = as_on_windows.startswith("/") and bool(parts)
    has_drive = as_on_windows[1:2] == ":" and as_on_windows[0].isalpha()
    climbs = ".." in as_on_windows and ".." in map(str.strip, as_on_windows.split("/"))
    if is_absolute or has_drive or climbs or not name or "\0" in name or len(name) > MAX_PATH_LENGTH:
        return None
    path = "/".join(parts)
    return name if path == name else path  # one text in memory, not two


def is_systems_own(path: str) -> bool:
    """Says whether a path leads to what a system leaves behind in folders, such as `.DS_Store`: no work of a person."""
    if path.startswith(".") or "/." in path or path.rpartition("/")[2].casefold() in _SYSTEM_FILES:
        return True
    return _SYSTEM_FOLDER in path and _SYSTEM_FOLDER in path.split("/")


def _is_folder(entry: Entry, name: str) -> bool:
    is_marked = stat.S_ISDIR(entry.attributes >> 16) or bool(entry.attributes & _DOS_FOLDER)
    return name.endswith("/") or (is_marked and not entry.n_bytes)


def _objection(entry: Entry, path: str, directory_start: int) -> ArchiveError | None:
    """Returns why a file is left out, None if it is not."""
    if stat.S_IFMT(entry.attributes >> 16) not in (0, stat.S_IFREG):
        return ArchiveError("member_link", file=shown_path(path))
    if entry.flags & _ENCRYPTED:
        return ArchiveError("member_password", file=shown_path(path))
    if entry.method not in (STORE, DEFLATE):
        received = _METHODS.get(entry.method, str(entry.method))
        return ArchiveError("member_method", file=shown_path(path), received=received, allowed=list(ACCEPTED_METHODS))
    most_bytes = MAX_CONTAINER_BYTES if path.lower().endswith(CONTAINER_ENDINGS) else MAX_FILE_BYTES
    if error := _too_large(entry, path, most_bytes):
        return error
    if entry.end > directory_start or (entry.method == STORE and entry.packed != entry.n_bytes):
        return ArchiveError("member_damaged", file=shown_path(path))
    return None


def _too_large(entry: Entry, path: str, most_bytes: int) -> ArchiveError | None:
    largest = max(entry.n_bytes, entry.packed)
    if largest <= most_bytes:
        return None
    file, received_mb, allowed_mb = shown_path(path), largest / 1e6, most_bytes / 1e6
    return ArchiveError("member_bytes", file=file, received_mb=received_mb, allowed_mb=allowed_mb)


def _unread(objection: ArchiveError) -> Unread:
    values = {name: value for name, value in objection.values.items() if name != "file"}
    return Unread(str(objection.values["file"]), objection.code, values)


def _no_members(unread: list[Unread], file: str) -> ArchiveError:
    """Returns the sentence for an archive of which nothing is left."""
    reasons = {left.code for left in unread}
    if not reasons:
        return ArchiveError("archive_no_files", file=file)
    if reasons == {"member_password"}:
        return ArchiveError("archive_password", file=file)
    if reasons == {"member_damaged"}:
        return ArchiveError("archive_damaged", file=file)
    if reasons == {"member_method"}:
        received = sorted({left.values["received"] for left in unread})
        return ArchiveError("archive_method", file=file, received=received, allowed=list(ACCEPTED_METHODS))
    if reasons == {"member_bytes"}:
        return ArchiveError("archive_bytes", file=file, received=len(unread), allowed_mb=MAX_FILE_BYTES / 1e6)
    return ArchiveError("archive_nothing", file=file, received=len(unread))
