"""The report on pictures that are there more than once, or nearly: which they are, and in which class and split."""

import numpy as np
import streamlit as st

from pages.data.change import change
from pages.ui import services, state
from pages.ui.gallery import Tile, gallery
from pages.ui.text import class_name, sentence, t
from tl_core.datasets.contents import Contents
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import one_of_each
from tl_core.datasets.own.near_duplicates import members_of
from tl_core.datasets.own.splits import SPLITS

MOST_GROUPS = 20
MOST_SHOWN = 12


def draw(id: str, contents: Contents) -> None:
    """Draws the groups of twins, and for the owner the button that keeps one of each."""
    if problem := state.pop("data-change-problem"):
        st.error(sentence(problem))
    st.markdown(t("data.twins_about") if contents.album is None else t("data.twins_apart"))
    with st.spinner(t("data.comparing")):
        shas, found = services.compared(id, contents)
    used = np.arange(len(contents.names)) if contents.album is None else np.flatnonzero(contents.album.is_used)
    groups, alike = (_of_several(used, numbers) for numbers in found)
    asked = [group for group in alike if _is_torn(contents, group) and len(set(found.twins[group].tolist())) > 1]
    _draw_questions(id, contents, asked)
    if not groups and asked:
        return
    if not groups:
        st.success(t("data.no_twins"), icon=":material/check:")
        return
    if contents.album is not None and services.may_change_dataset(id):
        _draw_button(id, contents.album)
    if len(groups) > MOST_GROUPS:
        st.caption(t("data.first_groups", n=MOST_GROUPS, n_groups=len(groups)))
    for number, group in enumerate(groups[:MOST_GROUPS]):
        _draw_group(id, contents, group, is_same=len(set(shas[group])) == 1, key=f"twins-{id}-{number}")


def _of_several(used: np.ndarray, numbers: np.ndarray) -> list[np.ndarray]:
    """Returns the groups of more than one picture, the largest first; each as places among all pictures."""
    return sorted((used[group] for group in members_of(numbers[used]) if len(group) > 1), key=len, reverse=True)


def _is_torn(contents: Contents, group: np.ndarray) -> bool:
    return len(set(contents.names[group])) > 1


def _draw_questions(id: str, contents: Contents, asked: list[np.ndarray]) -> None:
    """Draws the pictures that look alike and are in two classes; a person knows which is right."""
    if not asked:
        return
    st.markdown(t("data.look_alike"))
    if len(asked) > MOST_GROUPS:
        st.caption(t("data.first_groups", n=MOST_GROUPS, n_groups=len(asked)))
    for number, group in enumerate(asked[:MOST_GROUPS]):
        _draw_group(id, contents, group, is_same=False, key=f"alike-{id}-{number}")


def _draw_button(id: str, album: Album) -> None:
    """Draws the button that takes out all but one of each group, where a class has several."""
    n = int(album.is_used.sum()) - int(one_of_each(album).is_used.sum())
    if n and st.button(t("data.one_of_each", n=n), icon=":material/filter_1:", key="one-of-each"):
        change(id, one_of_each)


def _draw_group(id: str, contents: Contents, group: np.ndarray, *, is_same: bool, key: str) -> None:
    """Draws one group of near-duplicates; in which class each is where they differ in that, else in which split."""
    is_torn = _is_torn(contents, group)
    words = [t("data.same" if is_same else "data.nearly_same"), t("data.n_pictures_in", n=len(group))]
    st.caption(" · ".join([*words, t("data.torn")] if is_torn else words))
    shown = tuple(map(int, group[:MOST_SHOWN]))
    tiles = [
        Tile(place, address, _about(contents, place), _badge(contents, place, is_torn))
        for place, address in zip(shown, services.thumbnail_addresses(id, shown), strict=True)
    ]
    gallery(tiles, key=key, label=t("data.group_label", n=len(tiles)), can_mark=False)


def _name(contents: Contents, place: int) -> str:
    return contents.names[place] if contents.album is not None else class_name(contents.names[place])


def _about(contents: Contents, place: int) -> str:
    name = _name(contents, place)
    return name if contents.files is None else f"{name} · {contents.files[place]}"


def _badge(contents: Contents, place: int, is_torn: bool) -> str:
    return _name(contents, place) if is_torn else t(f"split.{SPLITS[contents.splits[place]]}")
