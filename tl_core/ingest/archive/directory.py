"""What a ZIP says about itself: the directory at its end, read and bounded before anything is unpacked.

Nothing here is believed. Places are checked against the file's size, counts against what is really there, and an
archive whose files overlap, or promise far more than its size can hold, is refused while only its directory was read.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from tl_core.datasets.images.kinds import accepted_format
from tl_core.disk.files import read_at
from tl_core.errors import ArchiveError, ImageError

MAX_ENTRIES = 60_000
MAX_DIRECTORY_BYTES = 16_000_000
MAX_TOTAL_BYTES = 250_000_000_000
MAX_RATIO = 100
RATIO_FROM_BYTES = 100_000_000  # a small archive of drawings may shrink more without harm
LOCAL_HEADER_BYTES = 30

_END = struct.Struct("<4xHHHHIIH")
_END_64 = struct.Struct("<4x12xIIQQQQ")
_LOCATOR = struct.Struct("<4xIQI")
_CENTRAL = struct.Struct("<4xxB2xHH4xIIIHHH4xII")
_MAX_COMMENT_BYTES = 65_535
_ABSENT_16, _ABSENT_32 = 0xFFFF, 0xFFFFFFFF
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_MAX_EXTRA_FIELDS = 16  # archivers write up to five
_OTHER_ARCHIVES = {
    "RAR": (b"Rar!\x1a\7", b"RE~^"),
    "7z": (b"7z\xbc\xaf\x27\x1c",),
    "gzip": (b"\x1f\x8b",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\0",),
    "Zstandard": (b"\x28\xb5\x2f\xfd",),
    "CAB": (b"MSCF",),
    "ARJ": (b"\x60\xea",),
}


class Entry(NamedTuple):
    """One row of the directory, as it stands there.

    Attributes:
        name: Raw bytes, in an encoding that only all names together tell.
        unicode_name: The name in the Unicode Path field, if there is one and it belongs to this name.
        host: Kind of system that wrote it: 0 DOS, 3 Unix, 10 NTFS, 19 macOS.
        flags: Bit 0 encrypted, bit 11 name in UTF-8.
        method: 0 stored, 8 deflate.
        crc: CRC-32 of the content.
        packed: Bytes in the archive.
        n_bytes: Bytes once unpacked.
        attributes: Low byte as in DOS, high 16 bits the Unix mode.
        offset: Where its local header begins in the file.
    """

    name: bytes
    unicode_name: str | None
    host: int
    flags: int
    method: int
    crc: int
    packed: int
    n_bytes: int
    attributes: int
    offset: int

    @property
    def end(self) -> int:
        """The first byte that can lie behind its content; the local header's extra field may move it further."""
        return self.offset + LOCAL_HEADER_BYTES + len(self.name) + self.packed


class _Place(NamedTuple):
    """Where the directory is: from `start` on `n_bytes`, holding `n_entries`, all offsets counted from `prefix`."""

    start: int
    n_bytes: int
    n_entries: int
    prefix: int


def read_directory(fd: int, file: str) -> tuple[list[Entry], int]:
    """Reads an archive's directory and checks every limit that it can be held to.

    Args:
        fd: The file, open for reading.
        file: Its name, fit to be shown.

    Returns:
        The entries in the order of the directory, and the position where the directory begins.

    Raises:
        ArchiveError: Not a ZIP, damaged, or outside a limit.

    References: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.6.
    """
    size = os.fstat(fd).st_size
    if not size:
        raise ArchiveError("archive_empty", file=file)
    _refuse_other_archives(read_at(fd, 512, 0), file)
    place = _find(fd, size, file)
    if place.n_entries > MAX_ENTRIES:
        raise ArchiveError("archive_entries", file=file, received=place.n_entries, allowed=MAX_ENTRIES)
    if place.n_bytes > MAX_DIRECTORY_BYTES:
        received_mb, allowed_mb = place.n_bytes / 1e6, MAX_DIRECTORY_BYTES / 1e6
        raise ArchiveError("archive_directory", file=file, received_mb=received_mb, allowed_mb=allowed_mb)
    entries = _read_entries(fd, place, file)
    _check_promises(entries, size, file)
    return entries, place.start


# --- finding the directory


def _find(fd: int, size: int, file: str) -> _Place:
    """Looks for the end record from the file's end backwards, and for the directory that it speaks of."""
    start = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    tail = read_at(fd, size - start, start)
    at = len(tail)
    while (at := tail.rfind(b"PK\5\6", 0, at + 3)) >= 0:
        if at + _END.size > len(tail):
            continue
        disk, first_disk, *_, n_comment = _END.unpack_from(tail, at)
        is_last = at + _END.size + n_comment == len(tail)
        place = _place(fd, size, start + at, _END.unpack_from(tail, at))
        # behind a prefix nothing may follow: it would be an archive inside another one that was cut short
        if place and (is_last or not place.prefix):
            return place
        if is_last and not {disk, first_disk} <= {0, _ABSENT_16}:
            raise ArchiveError("archive_split", file=file)
    raise _refusal(read_at(fd, 4096, 0), file)


def _place(fd: int, size: int, end: int, record: tuple) -> _Place | None:
    """Returns where the directory of an end record, or of the ZIP64 record before it, is; None if nowhere."""
    for limit, fields in filter(None, (_large_record(fd, size, end), (end, record[:-1]))):
        disk, first_disk, _, n_entries, n_bytes, offset = fields
        for start in (limit - n_bytes, offset):
            is_inside = not disk and not first_disk and offset <= start and start + n_bytes <= limit
            if is_inside and (not n_bytes or read_at(fd, 4, start) == b"PK\1\2"):
                return _Place(start, n_bytes, n_entries, start - offset)
    return None


def _large_record(fd: int, size: int, end: int) -> tuple[int, tuple] | None:
    """Returns position and fields of the ZIP64 end record, which a locator before the end record points at."""
    at = end - _LOCATOR.size
    locator = read_at(fd, _LOCATOR.size, at) if at >= 0 else b""
    if not locator.startswith(b"PK\6\7"):
        return None
    _, stated, _ = _LOCATOR.unpack(locator)
    for start in (stated, at - _END_64.size):  # the second where something was put before the archive
        record = read_at(fd, _END_64.size, start) if 0 <= start <= size - _END_64.size else b""
        if record.startswith(b"PK\6\6"):
            return start, _END_64.unpack(record)
    return None


# --- reading its rows


def _read_entries(fd: int, place: _Place, file: str) -> list[Entry]:
    data = read_at(fd, place.n_bytes, place.start)
    entries, rows = [], _rows(data)
    try:
        for row, start, stop in rows:
            if len(entries) == MAX_ENTRIES:
                received = MAX_ENTRIES + 1 + sum(1 for _ in rows)
                raise ArchiveError("archive_entries", file=file, received=received, allowed=MAX_ENTRIES)
            entries.append(_entry(data, row, start, stop, place.prefix))
    except (struct.error, ValueError) as error:
        raise ArchiveError("archive_damaged", file=file) from error
    if len(entries) < place.n_entries:
        raise ArchiveError("archive_damaged", file=file)
    return entries


def _rows(data: bytes) -> Iterator[tuple[tuple, int, int]]:
    """Yields the fixed fields of each row, and start and stop of its name; ends where no further row begins."""
    at = 0
    while data.startswith(b"PK\1\2", at):
        row = _CENTRAL.unpack_from(data, at)
        start = at + _CENTRAL.size
        n_name, n_extra, n_comment = row[6:9]
        at = start + n_name + n_extra + n_comment
        if at > len(data):
            raise ValueError("a row longer than the directory")
        yield row, start, start + n_name


def _entry(data: bytes, row: tuple, start: int, stop: int, prefix: int) -> Entry:
    host, flags, method, crc, packed, n_bytes, _, n_extra, _, attributes, offset = row
    name, unicode_name = data[start:stop], None
    fields = _extra_fields(data[stop : stop + n_extra]) if n_extra else {}
    if _UNICODE_PATH in fields:
        unicode_name = _unicode_path(fields[_UNICODE_PATH], name)
    if _ABSENT_32 in (packed, n_bytes, offset):
        n_bytes, packed, offset = _large_numbers(fields.get(_ZIP64, b""), n_bytes, packed, offset)
    return Entry(name, unicode_name, host, flags, method, crc, packed, n_bytes, attributes, offset + prefix)


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    """Returns the first extra fields by their ids; what is left behind the last whole one is padding."""
    fields, at = {}, 0
    while at + 4 <= len(extra) and len(fields) < _MAX_EXTRA_FIELDS:
        field, length = struct.unpack_from("<HH", extra, at)
        if field in fields:
            break
        fields[field] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _unicode_path(field: bytes, name: bytes) -> str | None:
    if len(field) < 5 or struct.unpack_from("<BI", field) != (1, zlib.crc32(name)):
        return None  # the archive was renamed by a tool that does not know the field
    try:
        return field[5:].decode()
    except UnicodeDecodeError:
        return None


def _large_numbers(field: bytes, *numbers: int) -> list[int]:
    """Returns the numbers with each one that says "see the ZIP64 field" read from there, in this order."""
    large = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
    try:
        return [number if number != _ABSENT_32 else next(large) for number in numbers]
    except StopIteration as error:
        raise ValueError("a number that stands nowhere") from error


# --- what all rows together promise


def _check_promises(entries: list[Entry], size: int, file: str) -> None:
    spans = sorted((entry.offset, entry.end) for entry in entries)
    if any(stop > following for (_, stop), (following, _) in pairwise(spans)):
        raise ArchiveError("archive_overlap", file=file)
    total = sum(entry.n_bytes for entry in entries)
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * size:
        raise ArchiveError("archive_ratio", file=file, received=total // size, allowed=MAX_RATIO)
    if total > MAX_TOTAL_BYTES:
        raise ArchiveError("archive_size", file=file, received_gb=total / 1e9, allowed_gb=MAX_TOTAL_BYTES / 1e9)


# --- what is not a ZIP


def _refuse_other_archives(head: bytes, file: str) -> None:
    """Refuses them first: a ZIP stored at their end could be taken for the whole."""
    for received, signatures in _OTHER_ARCHIVES.items():
        if head.startswith(signatures):
            raise ArchiveError("archive_kind", file=file, received=received)
    if head[257:262] == b"ustar":
        raise ArchiveError("archive_kind", file=file, received="tar")


def _refusal(head: bytes, file: str) -> ArchiveError:
    """Returns why a file without a directory is none of ours."""
    if head.startswith((b"PK\7\x08PK", b"PK00PK")):
        return ArchiveError("archive_split", file=file)
    if head.startswith((b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6")):
        return ArchiveError("archive_damaged", file=file)
    try:
        received = accepted_format(head)
    except ImageError as error:
        received = error.values.get("received", {"image_heic": "HEIC", "image_avif": "AVIF"}.get(error.code))
    if received is None:
        return ArchiveError("archive_unknown", file=file)
    return ArchiveError("archive_kind", file=file, received=received)
