"""Where one's own pictures come from: a file or folder on this machine, or files that a browser sent."""

import json
import os
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tl_core.errors import InputError
from tl_core.ingest.archive.archive import is_systems_own
from tl_core.ingest.containers.opening import open_containers, open_file
from tl_core.ingest.folder import Folder, content_of
from tl_core.ingest.trees import Source, open_at

NAMES = "names.json"


def open_source(path: Path, name: str, *, is_sent: bool = False, links: Path | None = None) -> Source:
    """Returns what a path leads to: a folder, an archive, another file with pictures, or files that a browser sent.

    What holds pictures inside (arrays, tables of pixels, archives in the archive) is opened as folders of pictures.

    Args:
        path: Where it lies.
        name: What people call it.
        is_sent: Whether `write_sent_files` wrote it.
        links: The folder below which links in a folder are followed; None for the folder itself.

    Raises:
        InputError: "import_missing", "import_entries", "file_unreadable", or what is wrong with the archive; and what
            `open_containers` raises.
    """
    if path.is_dir():
        return open_containers(SentFiles(path) if is_sent else Folder(path, links), name)
    if not path.is_file():
        raise InputError("import_missing", received=name)
    return open_file(path, name)


class Sent(Source):
    """Files that a browser sent, still in memory."""

    def __init__(self, files: Sequence[tuple[str, bytes]]) -> None:
        names = told_apart([name for name, _ in files])
        self._content = {name: data for name, (_, data) in zip(names, files, strict=True) if not is_systems_own(name)}
        self.files, self.folders, self.unread = tuple(sorted(self._content)), (), ()

    def read(self, file: str) -> bytes:
        return self._content[file]

    def close(self) -> None:
        return


class SentFiles(Source):
    """Files that a browser sent: each lies under a number, and a list says what the browser called it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            names: list[str] = json.loads((path / NAMES).read_bytes())
        except (OSError, ValueError) as error:
            raise InputError("import_missing", received=path.name) from error
        self._numbers = {name: number for number, name in enumerate(told_apart(names))}
        self.files = tuple(sorted(name for name in self._numbers if not is_systems_own(name)))
        self.folders, self.unread = (), ()

    def read(self, file: str) -> bytes:
        return content_of(self._path / f"{self._numbers[file]:05d}", file)

    def open(self, file: str) -> BinaryIO:
        return open_at(self._path / f"{self._numbers[file]:05d}", file)

    def close(self) -> None:
        return


def told_apart(names: list[str]) -> list[str]:
    """Returns the names as relative paths, all different; of equal ones the second and later get a number."""
    paths: dict[str, None] = {}
    tried: dict[str, int] = {}
    for name in names:
        path = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")) or "?"
        folder, slash, file = path.rpartition("/")
        stem, dot, ending = file.rpartition(".") if "." in file else (file, "", "")
        numbered, n = path, tried.get(path, 1)
        while numbered in paths:
            n += 1
            numbered = f"{folder}{slash}{stem} ({n}){dot}{ending}"
        tried[path], paths[numbered] = n, None
    return list(paths)


def put_content(path: Path, content: bytes | Path) -> None:
    """Puts content at a path: written, or, where it lies in a file already, that file under a second name.

    Raises:
        OSError: The disk refuses.
    """
    if isinstance(content, bytes):
        path.write_bytes(content)
        return
    try:
        os.link(content, path)
    except FileNotFoundError:
        raise
    except OSError:  # a disk on which no file has two names
        shutil.copyfile(content, path)


def write_sent_files(folder: Path, files: Sequence[tuple[str, bytes | Path]]) -> Path:
    """Puts files that a browser sent into a folder of their own, for `SentFiles`.

    Raises:
        OSError: The disk refuses; nothing is left.
    """
    try:
        folder.mkdir(parents=True)
        for number, (_, data) in enumerate(files):
            put_content(folder / f"{number:05d}", data)
        (folder / NAMES).write_text(json.dumps([name for name, _ in files]), encoding="ascii")
    except OSError:
        with suppress(OSError):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
        raise
    return folder


def printable_path(file: str) -> str:
    """Returns a path as it may be stored and shown: in one spelling; names that are no text become readable escapes."""
    return unicodedata.normalize("NFC", file.encode("utf-8", "backslashreplace").decode())[:400]
