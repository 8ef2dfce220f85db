"""Test pictures of a run, by their place in its test split: where they are here, and the visitor may see them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui import services
from pages.ui.gallery import Tile, gallery
from pages.ui.text import t
from tl_core.datasets.contents import Contents, split_places
from tl_core.datasets.own.splits import SPLITS
from tl_core.errors import TransferLabError
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord

TINY_PX = 64


def draw_pictures(
    record: RunRecord,
    places: Sequence[int],
    abouts: Sequence[str],
    *,
    key: str,
    label: str,
    badges: Sequence[str] | None = None,
    split: str = "test",
    can_mark: bool = False,
    is_single: bool = False,
) -> list[int]:
    """Draws pictures of a split, or why there are none to see; returns the places that are marked.

    Args:
        record: The run.
        places: Of the pictures among those of the split, from 0.
        abouts: What each is, in words.
        key: Names the gallery.
        label: What is shown, in a sentence.
        badges: A word in the corner of each.
        split: "train", "validation" or "test".
        can_mark: Whether a click marks a picture.
        is_single: Whether always exactly one is marked, at first the first one.
    """
    found = pictures_of(record)
    if found is None:
        st.caption(t("insights.no_pictures"))
        return []
    order = order_of(record, found, split)
    numbers = [int(order[place]) for place in places]
    addresses = services.thumbnail_addresses(str(record.spec["dataset"]), tuple(numbers))
    tiles = [
        Tile(place, address, about, badge, bool(min(found.pictures[number].shape[:2]) < TINY_PX))
        for place, number, address, about, badge in zip(
            places, numbers, addresses, abouts, badges or [""] * len(numbers), strict=True
        )
    ]
    return gallery(tiles, key=key, label=label, can_mark=can_mark, is_single=is_single)


def pictures_of(record: RunRecord) -> Contents | None:
    """Returns the data of a run; None where they are gone, are not all here, or are not the visitor's to see."""
    try:
        found = services.look_into(str(record.spec["dataset"]))
    except TransferLabError:
        return None
    return None if found is None or found.is_excerpt else found


def order_of(record: RunRecord, found: Contents, split: str = "test") -> np.ndarray:
    """Returns the places in the data set of the pictures of a split, in the order of a run's outputs: int (n,)."""
    spec = RunSpec.from_dict(record.spec)
    return split_places(found, spec.per_class, spec.seed)[SPLITS.index(split)]
