"""What a file that is no picture may be: something that is opened here, or something that has its own sentence."""

import re

from tl_core.datasets.images.decode import ACCEPTED_FORMATS, safe_name
from tl_core.errors import InputError

HEAD_BYTES = 512
_TABLES = re.compile(r"\.csv$", re.IGNORECASE)
_OPENED = {
    "zip": re.compile(r"\.zip$|\.tm$", re.IGNORECASE),
    "npz": re.compile(r"\.npz$", re.IGNORECASE),
    "npy": re.compile(r"\.npy$", re.IGNORECASE),
    "idx": re.compile(r"[-.]idx[1-4]-ubyte(\.gz)?$", re.IGNORECASE),
    "parquet": re.compile(r"\.parquet$", re.IGNORECASE),
}
_REFUSED = {
    "TFRecord": re.compile(r"\.tfrecords?(\.gz)?(-\d+-of-\d+)?$|\.tfrec$", re.IGNORECASE),
    "TAR": re.compile(r"\.(tar|tgz|tbz2?|txz)(\.|$)", re.IGNORECASE),
    "7z": re.compile(r"\.7z(\.\d+)?$", re.IGNORECASE),
    "RAR": re.compile(r"\.rar$", re.IGNORECASE),
    "HDF5": re.compile(r"\.(h5|hdf5|he5)$", re.IGNORECASE),
    "MATLAB": re.compile(r"\.mat$", re.IGNORECASE),
    "Python pickle": re.compile(
        r"\.(pkl|pickle|pt|pth|joblib)$|(^|/)(data_batch_\d|test_batch|batches\.meta)$", re.IGNORECASE
    ),
}
_REFUSED_STARTS = {
    "7z": (b"7z\xbc\xaf\x27\x1c",),
    "RAR": (b"Rar!\x1a\7", b"RE~^"),
    "HDF5": (b"\x89HDF",),
    "MATLAB": (b"MATLAB 5.0",),
    "Python pickle": tuple(b"\x80%c" % protocol for protocol in range(2, 6)),
}
_NO_PICTURES = re.compile(
    r"\.(txt|md|rst|csv|tsv|json|jsonl|ndjson|xml|ya?ml|html?|pdf|docx?|xlsx?|py|ipynb|js|log|bin|names|data|lst|npy"
    r"|licen[cs]e|cfg|ini|toml|sh|mp4|avi|mov|wav|mp3)$|(^|/)(readme|licen[cs]e|copying)$",
    re.IGNORECASE,
)


def is_called_picture(file: str) -> bool:
    """Says whether a file is called like a picture that is accepted."""
    return file.rpartition(".")[2].lower() in ACCEPTED_FORMATS


def is_called_otherwise(file: str) -> bool:
    """Says whether a file is called like something that is no picture: a text, a table, a program."""
    return bool(_NO_PICTURES.search(file))


def is_called_table(file: str) -> bool:
    """Says whether a file may be a table of pixels."""
    return bool(_TABLES.search(file))


def opened_kind(file: str) -> str | None:
    """Returns how a file is opened, by its name: "zip", "npz", "npy", "idx" or "parquet"; None if not."""
    return next((kind for kind, pattern in _OPENED.items() if pattern.search(file)), None)


def opened_start(head: bytes) -> str | None:
    """Returns how a file is opened, by its first bytes."""
    starts = {"zip": (b"PK\3\4", b"PK\5\6"), "npy": (b"\x93NUMPY",), "parquet": (b"PAR1",)}
    starts["idx"] = tuple(b"\0\0%c%c" % (kind, n) for kind in (8, 9, 11, 12, 13, 14) for n in range(1, 5))
    return next((kind for kind, known in starts.items() if head.startswith(known)), None)


def refused_kind(file: str, head: bytes = b"") -> str | None:
    """Returns what a file is that is not opened, by its name or its first bytes; None for anything else."""
    if head[257:262] == b"ustar":
        return "TAR"
    named = next((kind for kind, pattern in _REFUSED.items() if pattern.search(file)), None)
    return named or next((kind for kind, starts in _REFUSED_STARTS.items() if head.startswith(starts)), None)


def refusal(kind: str, file: str) -> InputError:
    """Returns the sentence for a file of a kind that is not opened: what it is, and what to do instead."""
    file = safe_name(file)
    if kind in ("TAR", "7z", "RAR"):
        return InputError("import_archive", file=file, received=kind)
    if kind == "TFRecord":
        return InputError("import_tfrecord", file=file)
    if kind == "Python pickle":
        return InputError("import_pickle", file=file)
    return InputError("import_hdf5", file=file, received=kind)
