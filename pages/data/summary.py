"""What a data set is: its name, where it comes from, how large it is, and what one should know before trusting it."""

from collections.abc import Sequence

import streamlit as st

from pages.data import dialogs, repairs
from pages.ui import services, state
from pages.ui.owner_names import owner_name
from pages.ui.sharing import ICONS
from pages.ui.text import dataset_name, literal, note, t
from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.contents import Contents
from tl_core.datasets.known import known_dataset
from tl_core.datasets.own.album import is_own
from tl_core.datasets.own.description import describe
from tl_core.datasets.own.splits import SPLITS
from tl_core.disk.home import data_home
from tl_core.evaluation.data_checks import findings
from tl_core.planning.plan import is_ready
from tl_core.store.albums import AlbumRecord

SERIOUS = frozenset(
    {"needs_classes", "needs_pictures", "needs_groups", "in_two_classes", "twins_crossed", "untested"}
    | {f"lacks_{split}" for split in SPLITS}
)


def draw(id: str, contents: Contents | None, *, is_bringing: bool = False) -> None:
    """Draws the head of a data set.

    Args:
        id: The data set.
        contents: What is in it; None where it is not on this machine.
        is_bringing: Whether other pictures are on their way, so that training is not what to press next.
    """
    info = known_dataset(id, data_home())
    record = services.own_record(id) if is_own(id) else None
    with st.container(horizontal=True, vertical_alignment="center", key="data-head"):
        st.header(literal(dataset_name(id)), anchor=False, width="stretch")
        if record is not None and services.is_mine(record):
            _draw_owner(record)
        if contents is not None and is_ready(info):
            _draw_train(id, is_next=not is_bringing)
    _draw_about(id, info, record)
    if contents is None:
        st.info(t("data.not_here"), icon=":material/cloud_download:")
        return
    _draw_numbers(info, contents)
    if contents.album is not None and record is not None:
        _draw_notes([*record.notes, *(one.to_dict() for one in findings(contents.album))])
        if services.is_mine(record):
            repairs.draw(id, contents.album)


def draw_damaged(id: str) -> None:
    """Draws what can still be done with a visitor's own data set that cannot be read."""
    record = services.own_record(id) if is_own(id) else None
    if record is not None and services.is_mine(record):
        with st.container(horizontal=True):
            if st.button(t("data.delete"), icon=":material/delete:", key="data-delete-damaged"):
                dialogs.delete(record)


def _draw_train(id: str, *, is_next: bool) -> None:
    kind = "primary" if is_next else "secondary"
    if st.button(t("data.train"), type=kind, icon=":material/science:", key="data-train"):
        state.set_widget("dataset", id)
        st.switch_page("pages/lab/page.py", query_params={"lang": state.language()})


def _draw_owner(record: AlbumRecord) -> None:
    """Draws what the owner can do with the whole data set."""
    dialogs.share(record, ICONS[record.visibility])
    if st.button(t("data.rename"), icon=":material/edit:", key="data-rename"):
        dialogs.rename(record)
    if st.button(t("data.delete"), icon=":material/delete:", key="data-delete"):
        dialogs.delete(record)


def _draw_about(id: str, info: DatasetInfo, record: AlbumRecord | None) -> None:
    """Says where the pictures come from, and whose they are."""
    if record is None:
        if not is_own(id):
            st.markdown(t(f"dataset.{id}.about"))
            st.caption(t("lab.source", source=info.source, licence=info.licence))
        return
    if record.owner != state.visitor().owner:
        st.caption(t("data.whose", owner=literal(owner_name(record.owner))))
    if record.other_names and services.is_mine(record):
        st.caption(t("data.also_called", names=literal(" · ".join(record.other_names))))
    if record.source:
        st.caption(t("data.made_from", source=literal(record.source), day=record.created_at[:10]))


def _draw_numbers(info: DatasetInfo, contents: Contents) -> None:
    with st.container(horizontal=True, key="metrics"):
        st.metric(t("data.n_classes"), f"{len(info.classes):,}")
        for split in ("train", "validation", "test"):
            st.metric(t(f"data.n_{split}"), f"{getattr(info, f'n_{split}'):,}")
    if contents.album is not None and info.classes:
        st.markdown(note(describe(contents.album).to_dict()))
    if contents.is_excerpt:
        st.caption(t("data.excerpt", n=len(contents.names)))
    colours = t("data.colours_grey" if info.channels == 1 else "data.colours")
    st.caption(f"{_sizes(contents)}{t('unit.stop')}{colours}")


def _draw_notes(told: Sequence[dict]) -> None:
    """Says what one should know: first what spoils a test, then the rest."""
    serious = [note(one) for one in told if one["code"] in SERIOUS]
    others = [note(one) for one in told if one["code"] not in SERIOUS]
    if serious:
        st.warning(bulleted(serious), icon=":material/warning:")
    if others:
        st.info(bulleted(others), icon=":material/info:")


def bulleted(sentences: Sequence[str]) -> str:
    """Returns sentences as a list, a single one as it is."""
    return sentences[0] if len(sentences) == 1 else "\n".join(f"- {one}" for one in sentences)


def _sizes(contents: Contents) -> str:
    """Returns the range of the original sizes, in px."""
    widths, heights = contents.widths, contents.heights
    if widths is None or heights is None or not len(widths):
        return ""
    areas = widths.astype("int64") * heights
    small, large = int(areas.argmin()), int(areas.argmax())
    is_one_size = len(set(zip(widths.tolist(), heights.tolist(), strict=True))) == 1
    phrase = "data.one_size" if is_one_size else "data.sizes"
    return t(phrase, w=widths[small], h=heights[small], w2=widths[large], h2=heights[large])
