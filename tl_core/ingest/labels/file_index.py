"""Finds the picture that a cell of a table speaks of: by its path, by its name, or by its name without the ending."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.containers.kinds import is_called_picture
from tl_core.ingest.labels.split_words import split_of_path


class Found(NamedTuple):
    """What a cell leads to.

    Attributes:
        files: The picture; several where it cannot be told which.
        strength: 3 by the path, 2 by the name, 1 by the name without the ending.
    """

    files: list[str]
    strength: int


_NO_PHOTOS = re.compile(
    r"(^|/)[^/]*(mask|trimap|segmentation|ground_?truth|annotation|depth)[^/]*/|(^|/)(labels?|gt)/", re.IGNORECASE
)
_NOTHING = Found([], 0)


class FileIndex:
    """The pictures of a tree by their names, without masks. A cell is compared with them, and leads nowhere else."""

    def __init__(self, files: Iterable[str]) -> None:
        pictures = [file for file in files if is_called_picture(file)]
        self.files = [file for file in pictures if not _NO_PHOTOS.search(file)] or pictures
        self._named: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        for file in self.files:
            name = _key(file.rpartition("/")[2])
            self._named.setdefault(name, []).append(file)
            self._stems.setdefault(_stem(name), []).append(file)

    def find(self, cell: str, table: str = "", split: int = UNKNOWN) -> Found:
        """Returns what a cell leads to.

        Args:
            cell: Of a table.
            table: The path of the table, which may lie beside its pictures.
            split: What the table or its row tells; of equal names in several splits it chooses.
        """
        parts = [_key(part) for part in cell.replace("\\", "/").split("/") if part.strip() not in ("", ".", "..")]
        if not parts:
            return _NOTHING
        files, strength = self._named.get(parts[-1]), 2
        if not files:
            files, strength = self._stems.get(_stem(parts[-1])) or self._stems.get(parts[-1], []), 1
        if len(files) > 1 or (files and len(parts) > 1):
            depths = [_n_equal(parts[:-1], [_key(part) for part in file.split("/")[:-1]]) for file in files]
            deepest = max(depths)
            files = [file for file, depth in zip(files, depths, strict=True) if depth == deepest]
            strength = 3 if deepest else strength
        if len(files) > 1:
            files = self._chosen(files, table, split)
        return Found(files, strength)

    def _chosen(self, files: list[str], table: str, split: int) -> list[str]:
        if split != UNKNOWN and (fitting := [file for file in files if split_of_path(file) == split]):
            files = fitting
        folder = table.rpartition("/")[0]
        beside = [file for file in files if file.rpartition("/")[0] == folder]
        below = [file for file in files if not folder or file.startswith(f"{folder}/")]
        return beside if len(beside) == 1 else below or files


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()


def _stem(name: str) -> str:
    return name.rpartition(".")[0] if is_called_picture(name) else name


def _n_equal(ending: list[str], folders: list[str]) -> int:
    """Returns how many of the last folders are equal."""
    n = 0
    for one, other in zip(reversed(ending), reversed(folders), strict=False):
        if one != other:
            break
        n += 1
    return n
