"""A ZIP that is whole or not there."""

import secrets
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tl_core.disk.files import forget, put_in_place
from tl_core.disk.space import storage_errors

FIRST_OF_1980 = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP knows: equal content makes equal files
PACKED = (".jpg", ".png", ".webp", ".npz", ".keras")  # not made smaller once more


def write_zip(target: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Writes files into one ZIP, one in memory at a time; equal ones always give the same bytes.

    Args:
        target: The ZIP.
        files: Name inside and content of each.

    Raises:
        StoreError: A refusal of the disk; what was there before is untouched, and nothing half-written is left. What
            `files` raises is passed on, likewise.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with storage_errors(target.parent):
            with zipfile.ZipFile(beside, "x") as archive:
                for name, content in files:
                    archive.writestr(_member(name), content)
            put_in_place(beside, target)
    finally:
        forget(beside)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, FIRST_OF_1980)
    member.external_attr = 0o644 << 16
    member.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED) else zipfile.ZIP_DEFLATED
    return member
