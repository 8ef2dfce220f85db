"""What people send in the place of a bundle, and the outside of bundles of version 1: a ZIP of two members as they are.

There was one way only to write it, so reading is comparing. Nothing is unpacked and nothing is written by a member's
name: what comes out are views of the bytes that came in.

References:
    PKWARE, APPNOTE.TXT, .ZIP File Format Specification, 4.3.7, 4.3.12 and 4.3.16.
"""

import struct
import zlib
from types import MappingProxyType

from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import BundleError
from tl_core.store.names import printable

NAMES = ("network.json", WEIGHTS_FILE)
MAX_BYTES = 450 * 2**20

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_SIZE_AT = 18  # in a local header
_FIRST_OF_1980 = 33
_SHOWN_NAMES = 4
_KINDS = MappingProxyType(
    {
        "HDF5 (.h5)": (b"\x89HDF",),
        "Python pickle": tuple(b"\x80%c" % protocol for protocol in range(2, 6)),
        "RAR": (b"Rar!\x1a\7",),
        "7z": (b"7z\xbc\xaf\x27\x1c",),
        "gzip": (b"\x1f\x8b",),
        "PDF": (b"%PDF-",),
        "JPEG": (b"\xff\xd8\xff",),
        "PNG": (b"\x89PNG",),
        "NumPy (.npy)": (b"\x93NUMPY",),
        "GGUF": (b"GGUF",),
    }
)
_ARCHIVES = MappingProxyType(  # by the name of the first member
    {
        "metadata.json": "Keras (.keras)",
        "config.json": "Keras (.keras)",
        "model.weights.h5": "Keras (.keras)",
        "saved_model.pb": "SavedModel",
        "fingerprint.pb": "SavedModel",
        "data.pkl": "PyTorch",
        "[Content_Types].xml": "Office",
    }
)


def check_kind(data: bytes, file: str) -> None:
    """Refuses what is no bundle by its first bytes, or one that another program makes of its networks.

    Raises:
        BundleError: "bundle_empty", "bundle_bytes", "bundle_kind", "bundle_text" or "bundle_unknown".
    """
    if not data:
        raise BundleError("bundle_empty", file=file)
    if len(data) > MAX_BYTES:
        raise BundleError("bundle_bytes", file=file, received_mb=len(data) / 2**20, allowed_mb=MAX_BYTES / 2**20)
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        first = data[_LOCAL.size : _LOCAL.size + min(255, int.from_bytes(data[26:28], "little"))]
        kind = _ARCHIVES.get(first.rpartition(b"/")[2].decode("latin-1"))
        kind = kind or ("NumPy (.npz)" if first.endswith(b".npy") else None)
    elif data[6:10] == b'\0\0{"':  # safetensors; it begins with a length, which may look like any other kind
        return
    else:
        kind = next((kind for kind, starts in _KINDS.items() if data.startswith(starts)), None)
        if kind is None:
            raise BundleError("bundle_text" if _is_text(data[:4096]) else "bundle_unknown", file=file)
    if kind is not None:
        raise BundleError("bundle_kind", file=file, received=kind)


def members(data: bytes, file: str) -> tuple[memoryview, memoryview]:
    """Returns network.json and the weights of a bundle of version 1.

    Args:
        data: A stranger's file that `check_kind` let through, whole.
        file: What it is called, for the sentence.

    Raises:
        BundleError: "bundle_members" or "bundle_packed": another ZIP; "bundle_damaged": it was a bundle once.
    """
    whole, at, found = memoryview(data), 0, []
    for name in NAMES:
        size = int.from_bytes(data[at + _SIZE_AT : at + _SIZE_AT + 4], "little")
        at += _LOCAL.size + len(name)
        found.append(whole[at : at + size])
        at += size
    network, weights = found
    if _frame(network, weights) != _around(whole, len(network), len(weights)):
        raise _refusal(data, file)
    return network, weights


def _frame(network: memoryview, weights: memoryview) -> tuple[bytes, bytes, bytes]:
    """Returns what stands before, between and behind the two members."""
    heads, listed, at = [], b"", 0
    for name, content in zip(NAMES, (network, weights), strict=True):
        about = (20, 0, 0, 0, _FIRST_OF_1980, zlib.crc32(content), len(content), len(content), len(name), 0)
        heads.append(_LOCAL.pack(b"PK\3\4", *about) + name.encode())
        listed += _CENTRAL.pack(b"PK\1\2", 0x0314, *about, 0, 0, 0, 0o644 << 16, at) + name.encode()
        at += len(heads[-1]) + len(content)
    return *heads, listed + _END.pack(b"PK\5\6", 0, 0, len(NAMES), len(NAMES), len(listed), at, 0)


def _around(whole: memoryview, n_network: int, n_weights: int) -> tuple[memoryview, memoryview, memoryview]:
    """Returns what a file has in the places of `_frame`."""
    first = _LOCAL.size + len(NAMES[0])
    second = first + n_network + _LOCAL.size + len(NAMES[1])
    return whole[:first], whole[first + n_network : second], whole[second + n_weights :]


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    is_whole = len(text.encode()) >= len(start) - 3  # the last letter may be cut
    return is_whole and all(sign.isprintable() or sign.isspace() for sign in text)


def _refusal(data: bytes, file: str) -> BundleError:
    """Returns why a ZIP is not one of ours."""
    listed = _listed(data)
    names = [name for name, _ in listed]
    if names and names != list(NAMES):
        received = [printable(name) for name in names[:_SHOWN_NAMES]] + ["…"] * (len(names) > _SHOWN_NAMES)
        return BundleError("bundle_members", file=file, received=received, allowed=list(NAMES))
    code = "bundle_packed" if any(method for _, method in listed) else "bundle_damaged"
    return BundleError(code, file=file)


def _listed(data: bytes) -> list[tuple[str, int]]:
    """Returns (name, method) of the first few members, as the end of the ZIP lists them; none if it has no end."""
    found, end = [], data.rfind(b"PK\5\6", max(0, len(data) - 2**16 - _END.size))
    at = int.from_bytes(data[end + 16 : end + 20], "little") if end >= 0 else len(data)
    while len(found) <= _SHOWN_NAMES and at + _CENTRAL.size <= len(data):
        sign, _, _, _, method, *_, n_name, n_extra, n_note, _, _, _, _ = _CENTRAL.unpack_from(data, at)
        if sign != b"PK\1\2":
            break
        found.append((data[at + _CENTRAL.size :][:n_name].decode("utf-8", "replace"), method))
        at += _CENTRAL.size + n_name + n_extra + n_note
    return found
