"""The pictures of a class, page by page: to look at, and in a visitor's own data set to sort and to take out."""

from collections import Counter
from functools import partial

import numpy as np
import streamlit as st

from pages.data.change import change
from pages.ui import services, state
from pages.ui.gallery import Tile, gallery
from pages.ui.persistent import persistent
from pages.ui.text import class_name, literal, named, sentence, t
from tl_core.datasets.contents import Contents
from tl_core.datasets.images.decode import fit_image
from tl_core.datasets.own.album import Album, is_own
from tl_core.datasets.own.edits import dropped, relabelled
from tl_core.datasets.own.splits import SPLITS
from tl_core.spec import RunSpec

PER_PAGE = 48
TINY_PX = 64
EVERYTHING, TAKEN_OUT = "all", "dropped"


def draw(id: str, contents: Contents) -> None:
    """Draws the choice of class and split, the pictures, and what can be done with those that are marked."""
    if problem := state.pop("data-change-problem"):
        st.error(sentence(problem))
    places, where = _choose(id, contents)
    if not len(places):
        st.info(t("data.none_here"))
        return
    first = _choose_page(len(places), where) * PER_PAGE
    shown = places[first : first + PER_PAGE]
    can_change = services.may_change_dataset(id)
    marked = gallery(
        _tiles(id, contents, shown),
        key=f"gallery-{id}-{where}-{first}",
        label=t("data.gallery_label", n=len(shown)),
        can_mark=True,
    )
    if not marked:
        st.caption(t("data.mark_own" if can_change else "data.mark"))
        return
    if can_change and contents.album is not None:
        _draw_actions(id, contents.album, marked)
    _draw_closely(contents, marked[-1])


def _choose(id: str, contents: Contents) -> tuple[np.ndarray, str]:
    """Returns the places of the pictures to show, and a name for this choice."""
    classes = sorted(set(contents.names))
    has_dropped = contents.is_dropped is not None and bool(contents.is_dropped.any())
    splits = [EVERYTHING, *SPLITS, *([TAKEN_OUT] if has_dropped else [])]
    left, right = st.columns(2)
    with left:
        counts = Counter(contents.names if contents.is_dropped is None else contents.names[~contents.is_dropped])
        labels = named([EVERYTHING, *classes], partial(_class_label, id, contents, counts))
        box = partial(st.selectbox, t("data.class"), [EVERYTHING, *classes], format_func=labels.__getitem__)
        name = persistent(box, f"data-class-{id}", classes[0] if classes else EVERYTHING)
    with right:
        words = named(splits, lambda split: t(f"data.split_{split}"))
        control = partial(st.segmented_control, t("data.split"), splits, required=True, format_func=words.__getitem__)
        split = persistent(control, f"data-split-{len(splits)}", EVERYTHING)
    places = contents.places(
        name=None if name == EVERYTHING else name,
        split=SPLITS.index(split) if split in SPLITS else None,
        is_dropped=split == TAKEN_OUT,
    )
    return places, f"{classes.index(name) if name in classes else EVERYTHING}-{split}"


def _class_label(id: str, contents: Contents, counts: Counter, name: str) -> str:
    if name == EVERYTHING:
        return t("data.all_classes")
    shown = name if is_own(id) else class_name(name)
    is_left_out = contents.album is not None and name in contents.album.excluded
    return f"{shown} · {counts[name]:,}" + (f" · {t('data.is_left_out')}" if is_left_out else "")


def _choose_page(n: int, where: str) -> int:
    """Draws the choice of the page where there are several; returns it, counted from 0."""
    n_pages = -(-n // PER_PAGE)
    if n_pages == 1:
        return 0
    return st.pagination(n_pages, key=f"data-page-{where}-{n_pages}") - 1


def _tiles(id: str, contents: Contents, places: np.ndarray) -> list[Tile]:
    addresses = services.thumbnail_addresses(id, tuple(map(int, places)))
    tiles, widths, heights = [], contents.widths, contents.heights
    for place, address in zip(map(int, places), addresses, strict=True):
        name = contents.names[place] if contents.album is not None else class_name(contents.names[place])
        split = t(f"split.{SPLITS[contents.splits[place]]}")
        side = TINY_PX if widths is None or heights is None else min(widths[place], heights[place])
        file = f" · {contents.files[place]}" if contents.files is not None else ""
        tiles.append(Tile(place, address, f"{name} · {split}{file}", split, bool(side < TINY_PX)))
    return tiles


def _draw_actions(id: str, album: Album, marked: list[int]) -> None:
    """Draws what can be done with the marked pictures."""
    are_dropped = bool(album.rows.is_dropped[marked].all())
    with st.container(horizontal=True, vertical_alignment="bottom", key="data-actions"):
        name = st.selectbox(
            t("data.move_to"),
            sorted(set(album.rows.name)),
            index=None,
            accept_new_options=True,
            placeholder=t("data.class_hint"),
            width=260,
            key=f"data-move-{id}",
        )
        if st.button(t("data.move", n=len(marked)), icon=":material/label:", disabled=not name, key="data-move-now"):
            change(album.id, lambda latest: relabelled(latest, marked, name or ""), is_this_very=True)
        word = "data.put_back" if are_dropped else "data.take_out"
        if st.button(
            t(word, n=len(marked)), icon=":material/undo:" if are_dropped else ":material/delete:", key="drop"
        ):
            change(album.id, lambda latest: dropped(latest, marked, not are_dropped), is_this_very=True)


def _draw_closely(contents: Contents, place: int) -> None:
    """Draws one picture as it is kept and as a network sees it, with its sizes."""
    kept = contents.pictures[place]
    planned = state.get("planned")
    size = planned.image_size if planned else RunSpec.image_size
    left, right = st.columns(2, width=560)
    with left:
        st.image(kept, width="stretch")
        side = min(kept.shape[:2])
        if contents.widths is not None and contents.heights is not None:
            st.caption(t("data.kept_as", w=contents.widths[place], h=contents.heights[place], side=side))
    with right:
        st.image(fit_image(kept, size), width="stretch")
        st.caption(t("data.seen_as", size=size))
    if contents.files is not None:
        st.caption(literal(contents.files[place]))
