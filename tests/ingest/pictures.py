"""Makers of small pictures, trees of them, and the ways in which a tree comes; nothing is stored in the repository."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent, Source
from tl_core.store.albums import AlbumRecord, Albums

Tree = dict[str, bytes]


def pattern(number: int, width: int = 24, height: int | None = None) -> np.ndarray:
    """Returns a smooth colourful picture, uint8 (H, W, 3); no two numbers give twins."""
    coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height or width), Image.Resampling.BILINEAR))


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def picture(number: int, width: int = 24, height: int | None = None) -> bytes:
    """Returns a pattern as a PNG."""
    return encoded(pattern(number, width, height))


def tree(first: int = 0, **classes: int) -> Tree:
    """Returns so many different pictures of each class, by their paths."""
    numbers = iter(range(first, first + sum(classes.values())))
    return {f"{name}/{at}.png": picture(next(numbers)) for name, n in classes.items() for at in range(n)}


def on_disk(root: Path, files: Tree) -> Path:
    """Writes a tree into a folder."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def zipped(path: Path, files: Tree) -> Path:
    """Writes a tree into an archive; a name that ends with "/" is an empty folder."""
    with zipfile.ZipFile(path, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def take(albums: Albums, origin: Source | Tree, owner: str = "anna", **asked: object) -> AlbumRecord:
    """Takes a tree in, from wherever it comes."""
    origin = Sent(list(origin.items())) if isinstance(origin, dict) else origin
    steps = ingest(albums, origin, ImportRequest(str(asked.pop("name", "mine")), owner, **asked), n_threads=2)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def everything_below(folder: Path) -> set[str]:
    """Returns the paths of all files and folders, to tell whether anything is left."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
