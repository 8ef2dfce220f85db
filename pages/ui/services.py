"""What all visitors share: the engine, and pictures that never change; and which data sets a visitor may look into."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np
import streamlit as st

from pages.ui import state
from tl_core import download
from tl_core.datasets.contents import Contents, class_counts, contents, split_places, thumbnails
from tl_core.datasets.images.data_address import data_address
from tl_core.datasets.images.decode import decode_image, fit_image, kept_image
from tl_core.datasets.known import is_here, known_dataset
from tl_core.datasets.own.album import identity, is_own
from tl_core.datasets.own.looks import Looks, signature
from tl_core.datasets.own.near_duplicates import Groups, near_duplicate_groups
from tl_core.disk.home import data_home
from tl_core.engine.singleton import engine, instructor_key
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.evaluation.insight import libraries
from tl_core.paths import ASSETS
from tl_core.spec import RunSpec
from tl_core.store.albums import AlbumRecord
from tl_core.training.augment import augment

__all__ = [
    "SAMPLES",
    "augmented_strip",
    "class_names_of",
    "compared",
    "engine",
    "instructor_key",
    "is_mine",
    "is_reachable",
    "look_into",
    "may_change_dataset",
    "own_datasets",
    "own_record",
    "pass_strip",
    "prepare_statistics",
    "sample_address",
    "sample_strip",
    "thumbnail_addresses",
]

MOST_SAMPLES = 20  # classes on a strip
N_PASS = 16  # pictures that stand for a pass over all of them
N_VIEWS = 5  # of a picture, to show what augmentation does
THUMBNAIL_PX = 96  # twice what the strip shows, for sharp screens
SAMPLES = ASSETS / "samples"


@st.cache_resource(show_spinner=False)
def prepare_statistics() -> None:
    """Has the libraries of intervals and scores loaded in the background, once, before somebody needs them."""
    Thread(target=libraries.load, name="libraries", daemon=True).start()


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def is_reachable(address: str) -> bool:
    """Returns whether a download could begin now; asked at most once a minute for all visitors."""
    return download.is_reachable(address)


@dataclass(frozen=True)
class ClassSample:
    """One class on the strip: its name in the dataset, its training pictures, one of them as a data address."""

    name: str
    n_train: int
    address: str


def sample_strip(dataset_id: str) -> list[ClassSample]:
    """Returns one training picture of each class, of many the first; empty when the dataset is not on this machine."""
    return _sample_strip(dataset_id) if is_here(dataset_id, data_home()) else []


@st.cache_data(max_entries=32, show_spinner=False)
def _sample_strip(dataset_id: str) -> list[ClassSample]:
    home = data_home()
    classes, counts = known_dataset(dataset_id, home).classes, class_counts(dataset_id, home)
    return [
        ClassSample(classes[label], counts[label], data_address(pixels, THUMBNAIL_PX))
        for label, pixels in thumbnails(dataset_id, home, 1, 3, MOST_SAMPLES)
    ]


def augmented_strip(dataset_id: str, kind: str = "light") -> list[str]:
    """Returns a training picture and views of it as augmentation makes them, as data addresses; none without data."""
    return _augmented_strip(dataset_id, kind) if is_here(dataset_id, data_home()) else []


@st.cache_data(max_entries=32, show_spinner=False)
def _augmented_strip(dataset_id: str, kind: str) -> list[str]:
    home = data_home()
    found = thumbnails(dataset_id, home, 1, 3, 1)
    if not found:
        return []
    picture = fit_image(found[0][1], THUMBNAIL_PX)
    same, views, indices = np.stack([picture] * N_VIEWS), np.arange(1, N_VIEWS + 1), np.zeros(N_VIEWS, int)
    can_flip = known_dataset(dataset_id, home).can_flip
    shown = augment(same, views=views, indices=indices, seed=0, can_flip=can_flip, kind=kind)
    return [data_address(one, THUMBNAIL_PX) for one in (picture, *shown)]


def pass_strip(spec: RunSpec, total: int) -> list[tuple[int, str]]:
    """Returns some of the pictures that a pass through a frozen prefix takes, evenly spread.

    Args:
        spec: The run that needs the pass.
        total: Pictures in it.

    Returns:
        (place in the pass, small picture as a data address), in the order of the pass; empty where the pictures of a
        pass are others, such as views, not at hand, such as those of the full data sets, or not the visitor's to see.
    """
    with suppress(TransferLabError):
        found = look_into(spec.dataset) if spec.augment == "none" else None
        if found is not None and not found.is_excerpt:
            return _pass_strip(str(data_home()), spec.dataset, spec.per_class, spec.seed, total, found)
    return []


@st.cache_data(max_entries=32, show_spinner=False)
def _pass_strip(
    home: str, dataset_id: str, per_class: int | None, seed: int, total: int, _found: Contents
) -> list[tuple[int, str]]:
    order = np.concatenate(split_places(_found, per_class, seed))
    if len(order) != total:
        return []
    places = np.linspace(0, total - 1, min(N_PASS, total)).astype(int)
    return [(int(place), data_address(_found.pictures[int(order[place])], THUMBNAIL_PX)) for place in places]


@st.cache_data(show_spinner=False)
def sample_address(file: str) -> str:
    """Returns a small version of one of the bundled photographs as a data address."""
    return data_address(decode_image((SAMPLES / file).read_bytes(), file), THUMBNAIL_PX)


# ---- visitors' own data sets: who asks is the visitor, and the store says what they may see ----


def own_datasets() -> list[AlbumRecord]:
    """Returns the data sets that the visitor brought or the class shares, the newest first."""
    return engine().albums.listed(by=state.visitor())


def own_record(dataset_id: str) -> AlbumRecord | None:
    """Returns a data set of somebody's own as the visitor may see it; None where they may not."""
    try:
        return engine().albums.find(dataset_id, by=state.visitor())
    except UnknownIdError:
        return None


def is_mine(record: AlbumRecord) -> bool:
    """Says whether the visitor may change a data set; the store asks again whatever a page thinks."""
    by = state.visitor()
    return by.is_instructor or record.owner == by.owner


def may_change_dataset(dataset_id: str) -> bool:
    """Says whether a data set is of somebody's own, and the visitor may change it."""
    record = own_record(dataset_id) if is_own(dataset_id) else None
    return record is not None and is_mine(record)


def class_names_of(dataset_id: str) -> list[str]:
    """Returns the classes of a data set of somebody's own; none where it is damaged or gone."""
    with suppress(TransferLabError):
        return list(known_dataset(dataset_id, data_home()).classes)
    return []


def look_into(dataset_id: str) -> Contents | None:
    """Returns what is in a data set; None where it is not on this machine.

    Raises:
        UnknownIdError: There is none, or the visitor may not see it.
        UnavailableError: It is damaged.
    """
    if is_own(dataset_id):
        dataset_id = engine().albums.find(dataset_id, by=state.visitor()).id
    elif not is_here(dataset_id, data_home()):  # not for long: the answer must not be kept
        return None
    return _contents(str(data_home()), dataset_id)


@st.cache_resource(max_entries=16, ttl=600, show_spinner=False)
def _contents(home: str, dataset_id: str) -> Contents | None:
    """Returns what is in a data set, read once for all who look at it; an album never changes under its id."""
    return contents(dataset_id, Path(home))


def compared(dataset_id: str, found: Contents) -> tuple[np.ndarray, Groups]:
    """Returns which pictures of a data set are the same, str (N,), and which belong together.

    An album was compared when it came; a data set of the catalogue is when somebody asks for the first time.
    """
    if found.album is not None:
        return found.album.rows.sha, Groups(found.album.rows.twin, found.album.rows.lookalike)
    return _compared(str(data_home()), dataset_id, found)


@st.cache_data(max_entries=8, show_spinner=False)
def _compared(home: str, dataset_id: str, _found: Contents) -> tuple[np.ndarray, Groups]:
    shas, looks = [], []
    for picture in _found.pictures:
        square = kept_image(picture)
        shas.append(identity(square))
        looks.append(signature(square))
    return np.array(shas, object), near_duplicate_groups(shas, Looks.of(looks), _found.names)


def thumbnail_addresses(dataset_id: str, places: tuple[int, ...]) -> list[str]:
    """Returns small pictures as data addresses, in the order asked for; who asks has looked into the data set."""
    found = look_into(dataset_id)
    return _thumbnails(str(data_home()), dataset_id, places, found) if found is not None else []


@st.cache_data(max_entries=128, show_spinner=False)
def _thumbnails(home: str, dataset_id: str, places: tuple[int, ...], _found: Contents) -> list[str]:
    return [data_address(_found.pictures[place], THUMBNAIL_PX) for place in places]
