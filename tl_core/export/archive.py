"""A ZIP that is whole or not there."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tl_core.disk.files import write_atomic

FIRST_OF_1980 = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP knows: equal content makes equal files


def write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes files into one ZIP; equal ones always give the same bytes.

    Args:
        target: The ZIP.
        files: Name inside → content.

    Raises:
        StoreError: As `write_atomic`; what was there before is untouched, and nothing half-written is left.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, FIRST_OF_1980)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    write_atomic(target, whole.getvalue())
