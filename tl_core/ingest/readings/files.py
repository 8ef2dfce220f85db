"""Which files of a tree are pictures, by their endings, and which only lie beside them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tl_core.datasets.images.decode import ACCEPTED_FORMATS
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.archive.archive import is_systems_own

_OTHER_PICTURES = ("tif", "tiff", "heic", "heif", "avif", "jp2", "svg", "psd", "ppm", "pgm", "jpe")  # told why not
_TOOLS = frozenset({"__pycache__", "@eadir", "$recycle.bin", "lost+found", "node_modules"})
_MOST_ENDINGS = 6


class Item(NamedTuple):
    """A picture on its way to a class.

    Attributes:
        dirs: The folders that it lies in, those that are understood taken off.
        name: What it is called itself.
        file: Its path in the tree.
        split: 0 train, 1 validation, 2 test, or `UNKNOWN`.
    """

    dirs: tuple[str, ...]
    name: str
    file: str
    split: int = UNKNOWN

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name


class Sorted(NamedTuple):
    """The files of a tree: pictures in the order of their paths, and those that are none."""

    pictures: list[Item]
    others: list[str]


def sort_files(files: Iterable[str]) -> Sorted:
    """Tells pictures from other files.

    An ending decides. A file without one is a picture only in a tree where no file has the ending of a picture.
    """
    split_up = sorted((tuple(parts_of(file)), file) for file in files)
    items = [Item(parts[:-1], parts[-1] if parts else "", file) for parts, file in split_up]
    is_left = [_is_left_by_tools(item) for item in items]
    has_endings = any(is_called_picture(item.name) for item, left in zip(items, is_left, strict=True) if not left)
    pictures, others = [], []
    for item, left in zip(items, is_left, strict=True):
        is_picture = is_called_picture(item.name) if has_endings else not ending_of(item.name)
        if is_picture and item.name and not left:
            pictures.append(item)
        else:
            others.append(item.file)
    return Sorted(pictures, others)


def parts_of(path: str) -> list[str]:
    """Returns the parts of a relative path."""
    return [part for part in path.split("/") if part]


def is_called_picture(name: str) -> bool:
    """Says whether a file's ending is that of a picture, also of one that is not accepted."""
    return ending_of(name) in (*ACCEPTED_FORMATS, *_OTHER_PICTURES)


def ending_of(name: str) -> str:
    """Returns a file's ending in lower case; "" where it has none."""
    stem, _, ending = name.rpartition(".")
    return ending.lower().strip() if stem and len(ending) <= 8 and " " not in ending.strip() else ""


def _is_left_by_tools(item: Item) -> bool:
    return any(part.casefold() in _TOOLS for part in item.dirs) or is_systems_own("/".join((*item.dirs, item.name)))


def note_of_others(others: Sequence[str]) -> list[Note]:
    """Returns the one note about files that are no pictures."""
    endings = sorted({f".{ending}" for file in others if (ending := ending_of(file.rpartition("/")[2]))})
    shown = [*endings[:_MOST_ENDINGS], "…"] if len(endings) > _MOST_ENDINGS else endings or ["–"]
    return [Note("other_files", {"n": len(others), "endings": shown})] if others else []
