"""The report on pictures that are there more than once, or nearly: which they are, and in which class and split."""

import streamlit as st

from pages.ui import services, state
from pages.ui.data_change import change
from pages.ui.gallery import Tile, gallery
from pages.ui.text import sentence, t
from tl_core.datasets.contents import Contents
from tl_core.datasets.edits import one_of_each
from tl_core.datasets.layout import SPLITS
from tl_core.evaluation.findings import twin_sets

MOST_GROUPS = 20
MOST_SHOWN = 12


def draw(id: str, contents: Contents) -> None:
    """Draws the groups of twins, and for the owner the button that keeps one of each."""
    if problem := state.taken("data-change-problem"):
        st.error(sentence(problem))
    st.markdown(t("data.twins_about"))
    album = contents.album
    used = album.is_used.nonzero()[0]
    groups = [used[group] for group in twin_sets(album.used)]
    if not groups:
        st.success(t("data.no_twins"), icon=":material/check:")
        return
    if services.may_change_dataset(id):
        n = len(used) - int(one_of_each(album).is_used.sum())
        if n and st.button(t("data.one_of_each", n=n), icon=":material/filter_1:", key="one-of-each"):
            change(id, one_of_each)
    if len(groups) > MOST_GROUPS:
        st.caption(t("data.first_groups", n=MOST_GROUPS, n_groups=len(groups)))
    for number, group in enumerate(groups[:MOST_GROUPS]):
        rows = album.rows.taken(group)
        is_same = len(set(rows.sha)) == 1
        is_torn = len(set(rows.name)) > 1
        words = [t("data.same" if is_same else "data.nearly_same"), t("data.n_pictures_in", n=len(group))]
        words += [t("data.torn")] if is_torn else []
        st.caption(" · ".join(words))
        shown = tuple(map(int, group[:MOST_SHOWN]))
        tiles = [
            Tile(
                place, address, f"{album.rows.name[place]} · {album.rows.file[place]}", _badge(contents, place, is_torn)
            )
            for place, address in zip(shown, services.thumbnail_addresses(id, shown), strict=True)
        ]
        gallery(tiles, key=f"twins-{id}-{number}", label=t("data.gallery_label", n=len(tiles)), can_mark=False)


def _about(contents: Contents, place: int) -> str:
    return f"{contents.names[place]} · {contents.files[place]}"


def _badge(contents: Contents, place: int, is_torn: bool) -> str:
    return contents.names[place] if is_torn else t(f"split.{SPLITS[contents.splits[place]]}")
