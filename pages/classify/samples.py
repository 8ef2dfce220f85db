"""Pictures to try networks on: test pictures of their own data, photographs, and what shows none of their classes."""

import io
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import streamlit as st
from PIL import Image

from pages.ui import services
from pages.ui.gallery import Tile, gallery
from pages.ui.text import class_name, t
from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.own.splits import SPLITS
from tl_core.errors import TransferLabError

MOST_CLASSES = 10  # of which a test picture is shown
TINY_PX = 64
# what the bundled photographs show, by data set; to all others each of them shows none of the classes
PHOTOGRAPHS = MappingProxyType(
    {
        "granny_smith_1.jpg": {"groceries": "Granny Smith", "groceries-coarse": "Apple"},
        "granny_smith_2.jpg": {"groceries": "Granny Smith", "groceries-coarse": "Apple"},
        "orange_1.jpg": {"groceries": "Orange", "groceries-coarse": "Orange"},
        "watermelon_1.jpg": {"groceries": "Watermelon", "groceries-coarse": "Melon"},
        "conference_pear_1.jpg": {"groceries": "Conference", "groceries-coarse": "Pear"},
        "cat_1.jpg": {"cifar10-small": "Cat", "cifar10": "Cat"},
        "espresso_1.jpg": {},
    }
)
ODD = ("cat_1.jpg", "espresso_1.jpg")  # shown to every network


@dataclass(frozen=True)
class Picture:
    """A picture to ask networks about.

    Attributes:
        name: What it is called.
        data: The content of its file.
        truth: The class that it shows, as the data set calls it; None where nobody has said.
        is_outside: Whether it is known to show none of the classes.
    """

    name: str
    data: bytes
    truth: str | None = None
    is_outside: bool = False


def choose(dataset: str) -> list[Picture]:
    """Draws the samples for networks that were trained on some data, and returns the one that is chosen."""
    photographs = [name for name, shows in PHOTOGRAPHS.items() if dataset in shows or name in ODD]
    own = [] if dataset.startswith("groceries") else _test_pictures(dataset)
    pictures = [*own, *(_photograph(name, dataset) for name in photographs)]
    tiles = [
        Tile(place, address, picture.name, t("classify.no_class") if picture.is_outside else "", is_tiny)
        for place, (picture, address, is_tiny) in enumerate(pictures)
    ]
    label = t("classify.sample_label")
    st.caption(label)
    marked = gallery(tiles, key=f"samples-{dataset}", label=label, can_mark=True, is_single=True)
    return [pictures[marked[0] if marked else 0][0]]


def _photograph(file: str, dataset: str) -> tuple[Picture, str, bool]:
    data = (services.SAMPLES / file).read_bytes()
    truth = PHOTOGRAPHS[file].get(dataset)
    is_outside = truth is None and dataset in DATASETS  # of visitors' own data nobody knows here what they show
    picture = Picture(t(f"sample.{file.removesuffix('.jpg')}"), data, truth, is_outside)
    return picture, services.sample_address(file), False


def _test_pictures(dataset: str) -> list[tuple[Picture, str, bool]]:
    """Returns one test picture of each class, of many classes the first; none where the data are not here any more."""
    try:
        found = services.look_into(dataset)
    except TransferLabError:
        return []
    if found is None:
        return []
    firsts = {name: found.places(name, SPLITS.index("test"))[:1] for name in found.info.classes[:MOST_CLASSES]}
    places = {name: int(first[0]) for name, first in firsts.items() if len(first)}
    addresses = services.thumbnail_addresses(dataset, tuple(places.values()))
    pictures = []
    for (name, place), address in zip(places.items(), addresses, strict=True):
        pixels = np.asarray(found.pictures[place])
        called = class_name(name) if dataset in DATASETS else name
        picture = Picture(t("classify.test_picture", name=called), _png(pixels), name)
        pictures.append((picture, address, min(pixels.shape[:2]) <= TINY_PX))
    return pictures


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "PNG")
    return file.getvalue()
