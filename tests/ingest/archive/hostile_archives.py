"""Makers of ordinary, odd and hostile ZIPs; nothing of the kind is stored in the repository."""

import io
import struct
import zipfile
import zlib
from typing import NamedTuple

DOS, UNIX, NTFS, MACOS = 0, 3, 10, 19
STORE, DEFLATE, DEFLATE64, BZIP2, LZMA = 0, 8, 9, 12, 14
ENCRYPTED, DESCRIPTOR, UTF8 = 0x1, 0x8, 0x800
LINK, FOLDER, FIFO, DEVICE = 0o120777, 0o040755, 0o010644, 0o060644


class Part(NamedTuple):
    """One file as it is to be written; what is None is worked out, and what is given may be a lie."""

    name: bytes
    data: bytes = b"x"
    host: int = DOS
    flags: int = 0
    method: int = STORE
    mode: int = 0
    attributes: int = 0
    extra: bytes = b""
    packed: bytes | None = None
    n_packed: int | None = None
    n_bytes: int | None = None
    crc: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None
    local_extra: bytes = b""


def deflated(data: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def archive(*parts: Part, prefix: bytes = b"", comment: bytes = b"", **end: int) -> bytes:
    """Returns a ZIP of these parts; offsets count from behind the prefix."""
    body, rows = [], []
    at = 0
    for part in parts:
        local, content, row = _written(part, at)
        body += [local, content]
        rows.append(row)
        at += len(local) + len(content)
    directory = b"".join(rows)
    return b"".join((prefix, *body, directory, end_record(len(parts), len(directory), at, comment, **end)))


def end_record(n: int, n_bytes: int, offset: int, comment: bytes = b"", disk: int = 0) -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", disk, disk, n, n, n_bytes, offset, len(comment)) + comment


def large_end_record(n: int, n_bytes: int, offset: int) -> bytes:
    """Returns a ZIP64 end record, its locator, and the plain end record that refers to them."""
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, n, n, n_bytes, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, offset + n_bytes, 1)
    return record + locator + end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def central_row(part: Part, n_packed: int, n_bytes: int, crc: int, offset: int) -> bytes:
    attributes = part.attributes | part.mode << 16
    numbers = (part.flags, part.method, 0, 0, crc, n_packed, n_bytes, len(part.name), len(part.extra), 0, 0, 0)
    packed = struct.pack("<4sBBHHHHHIIIHHHHHII", b"PK\1\2", 20, part.host, 20, *numbers, attributes, offset)
    return packed + part.name + part.extra


def local_header(part: Part, n_packed: int, n_bytes: int, crc: int) -> bytes:
    name = part.name if part.local_name is None else part.local_name
    method = part.method if part.local_method is None else part.local_method
    flags = part.flags if part.local_flags is None else part.local_flags
    numbers = (flags, method, 0, 0, crc, n_packed, n_bytes, len(name), len(part.local_extra))
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, *numbers) + name + part.local_extra


def _written(part: Part, at: int) -> tuple[bytes, bytes, bytes]:
    content = part.packed
    if content is None:
        content = deflated(part.data) if part.method == DEFLATE else part.data
    n_packed = len(content) if part.n_packed is None else part.n_packed
    n_bytes = len(part.data) if part.n_bytes is None else part.n_bytes
    crc = zlib.crc32(part.data) if part.crc is None else part.crc
    offset = at if part.offset is None else part.offset
    return local_header(part, n_packed, n_bytes, crc), content, central_row(part, n_packed, n_bytes, crc, offset)


def named(*names: bytes, host: int = DOS, flags: int = 0) -> bytes:
    """Returns a ZIP of small files with these raw names."""
    return archive(*(Part(name, b"%d" % at, host, flags) for at, name in enumerate(names)))


def ordinary(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns what Python's own zipfile makes of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as packer:
        for path, data in files.items():
            packer.writestr(path, data)
    return file.getvalue()


def streamed(files: dict[str, bytes]) -> bytes:
    """Returns a ZIP written to a pipe: sizes follow the content instead of preceding it."""

    class Pipe(io.RawIOBase):
        written = b""

        def write(self, data) -> int:
            self.written += bytes(data)
            return len(data)

        def writable(self) -> bool:
            return True

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packer:
        for path, data in files.items():
            packer.writestr(path, data)
    return pipe.written


def unicode_path(name: bytes, path: str) -> bytes:
    """Returns Info-ZIP's extra field that gives a name in UTF-8."""
    content = struct.pack("<BI", 1, zlib.crc32(name)) + path.encode()
    return struct.pack("<HH", 0x7075, len(content)) + content


def zeros(n_bytes: int) -> bytes:
    """Returns zeros, packed; each megabyte is a block that stands alone, so one is made and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return megabyte * (n_bytes // 1_000_000) + packer.flush()


# --- bombs


def big_bomb() -> bytes:
    """1 GB of zeros in 1 MB."""
    return archive(Part(b"a.png", b"", method=DEFLATE, packed=zeros(1_000_000_000), n_bytes=1_000_000_000))


def many_bombs() -> bytes:
    """300 files of 19 MB each, in 6 MB; none of them is large."""
    packed, crc = zeros(19_000_000), zlib.crc32(bytes(19_000_000))
    names = (b"cat/%d.png" % at for at in range(300))
    return archive(*(Part(n, b"", method=DEFLATE, packed=packed, n_bytes=19_000_000, crc=crc) for n in names))


def overlap_bomb(n_files: int = 1250, n_kernel: int = 20_000_000) -> bytes:
    """25 GB in about 115 kB: every file's content is the next file's header, quoted, and all that follows it.

    References: Fifield, "A better zip bomb", WOOT 2019, sections 3 and 4 (quoted-overlap DEFLATE construction).
    """
    tail, n_bytes = zeros(n_kernel), n_kernel
    parts, bodies, sizes = [Part(b"%d" % at, method=DEFLATE) for at in range(n_files)], [], []
    n_tail = len(tail)
    for part in reversed(parts):
        header = local_header(part, n_tail, n_bytes, 0)
        bodies.append(header)
        sizes.append((part, n_tail, n_bytes, len(header)))
        n_tail, n_bytes = n_tail + 5 + len(header), n_bytes + len(header)
    body, rows = b"", b""
    for header, (part, n_packed, n_unpacked, n_header) in zip(reversed(bodies), reversed(sizes), strict=True):
        rows += central_row(part, n_packed, n_unpacked, 0, len(body) + (5 if body else 0))
        quote = struct.pack("<BHH", 0, n_header, n_header ^ 0xFFFF) if body else b""
        body += quote + header
    body += tail
    return body + rows + end_record(n_files, len(rows), len(body))


def shared_bomb() -> bytes:
    """50 entries that all point at one file of 2 MB."""
    data = bytes(2_000_000)
    first = Part(b"a0.png", data, method=DEFLATE)
    local = local_header(first, len(deflated(data)), len(data), zlib.crc32(data)) + deflated(data)
    row = central_row(first, len(deflated(data)), len(data), zlib.crc32(data), 0)
    return local + row * 50 + end_record(50, len(row) * 50, len(local))


def hidden_overlap() -> bytes:
    """A file whose own header stretches its content into the next file, unlike what the directory shows."""
    second = Part(b"b.png", bytes(500))
    inner = local_header(second, 500, 500, zlib.crc32(bytes(500))) + bytes(500)
    data = inner[100:400]
    first = Part(b"a.png", data, local_extra=b"\0" * 100)  # its content would begin 100 bytes later than the row says
    header = local_header(first, len(data), len(data), zlib.crc32(data))[:-100]
    start = len(header) + len(data)
    body = header + b"\0" * len(data) + inner
    rows = central_row(first, len(data), len(data), zlib.crc32(data), 0)
    rows += central_row(second, 500, 500, zlib.crc32(bytes(500)), start)
    return body + rows + end_record(2, len(rows), len(body))


def many_rows(n: int) -> bytes:
    """A directory of so many rows of 53 bytes, and nothing else."""
    row = central_row(Part(b"a/b.png"), 0, 0, 0, 0)
    return row * n + large_end_record(n, len(row) * n, 0)


def rows_behind_a_lie(n: int, stated: int) -> bytes:
    """Rows of which the end record counts only some."""
    row = central_row(Part(b"a/b.png"), 0, 0, 0, 0)
    return row * n + end_record(stated, len(row) * n, 0)


def empty_files(n: int, name: str = "cat/{}.png") -> bytes:
    """A correct archive of n empty files; a ZIP64 one if it must be."""
    body, rows, at = [], [], 0
    for number in range(n):
        part = Part(name.format(number).encode(), b"", UNIX, UTF8)
        body.append(local_header(part, 0, 0, 0))
        rows.append(central_row(part, 0, 0, 0, at))
        at += len(body[-1])
    directory = b"".join(rows)
    end = large_end_record(n, len(directory), at) if n >= 0xFFFF else end_record(n, len(directory), at)
    return b"".join((*body, directory, end))
