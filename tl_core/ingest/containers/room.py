"""Room on the disk for what containers hold: files without a name, gone when closed, of a bounded size together."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tl_core.disk.home import data_home
from tl_core.disk.space import check_space, storage_errors
from tl_core.errors import InputError

MAX_BYTES = 4_000_000_000
PIECE_BYTES = 2**20


class Room:
    """Where the containers of one import are unpacked: below the data folder, so that no small /tmp is filled.

    A file has no name there, so nothing is left, however the process ends.
    """

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        self._left, self._most = most_bytes, most_bytes

    def open_file(self, n_bytes: int, file: str) -> BinaryIO:
        """Returns an empty file for so many bytes.

        Args:
            n_bytes: What will be written.
            file: What is unpacked, for people.

        Raises:
            InputError: "import_unpacked": with this, the import would unpack more than is allowed.
            StoreError: "disk_full" or "home_not_writable".
        """
        self.take(n_bytes, file)
        folder = self._folder()
        check_space(folder, n_bytes)
        with self.storage():
            return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))

    def take(self, n_bytes: int, file: str) -> None:
        """Counts bytes that are going to be unpacked.

        Raises:
            InputError: "import_unpacked".
        """
        if n_bytes > self._left:
            raise InputError("import_unpacked", file=file, allowed_gb=self._most / 1e9)
        self._left -= n_bytes

    @contextmanager
    def storage(self) -> Iterator[None]:
        """What the system refuses inside is a `StoreError`."""
        with storage_errors(self._folder()):
            yield

    def _folder(self) -> Path:
        return data_home()
