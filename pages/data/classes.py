"""The classes of a data set: how many pictures each has, and in one's own their names, which count, and the split."""

import pandas as pd
import streamlit as st

from pages.data.change import change
from pages.ui import csv_download, services, state
from pages.ui.live_chart import live_figure
from pages.ui.text import class_name, percent, sentence, t
from tl_core.charts.balance import BalanceLabels, balance_figure, balance_height, balance_info
from tl_core.datasets.contents import Contents
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.edits import flipping, split_again, with_classes
from tl_core.evaluation.data_checks import class_table, table_of


def draw(id: str, contents: Contents) -> None:
    """Draws the balance of the classes, the table, and the split."""
    problem = state.pop("data-change-problem")
    if problem:
        st.error(sentence(problem))
    table = _table(contents)
    _draw_balance(id, contents, table)
    st.caption(t("data.margin_about"))
    if contents.album is not None and services.may_change_dataset(id):
        _draw_editor(id, contents, contents.album.excluded, table)
        _draw_split(id, contents.album, was_refused=problem is not None)
    else:
        shown = _frame(contents, table)
        st.dataframe(shown, hide_index=True, alt=t("data.part_classes"))
        csv_download.offer(shown, "classes")


def _table(contents: Contents) -> list[dict]:
    if contents.album is not None:
        return class_table(contents.album)
    return table_of(contents.names, contents.splits)


def _draw_balance(id: str, contents: Contents, table: list[dict]) -> None:
    excluded = contents.album.excluded if contents.album is not None else ()
    used = [row for row in table if row["name"] not in excluded]
    info = balance_info(
        [(_name(contents, row["name"]), (row["train"], row["validation"], row["test"])) for row in used]
    )
    labels = BalanceLabels(*(t(f"split.{split}") for split in ("train", "validation", "test")))
    live_figure(
        balance_figure(info, labels),
        label=t("data.balance_label", n=len(used)),
        key="data-balance",
        height=balance_height(info),
        revision=id,
    )
    if info.n_more:
        st.caption(t("data.more_classes", n=info.n_more))


def _name(contents: Contents, name: str) -> str:
    return name if contents.album is not None else class_name(name)


def _frame(contents: Contents, table: list[dict]) -> pd.DataFrame:
    columns = {
        "class": [_name(contents, row["name"]) for row in table],
        "n_pictures": [row["n"] for row in table],
        **{f"split_{split}": [row[split] for row in table] for split in ("train", "validation", "test")},
        "margin": [_margin(row["margin"]) for row in table],
    }
    return pd.DataFrame({t(f"data.{name}"): values for name, values in columns.items()})


def _margin(margin: float | None) -> str:
    return "–" if margin is None else f"± {percent(margin)}"


def _draw_editor(id: str, contents: Contents, left_out: frozenset[str], table: list[dict]) -> None:
    """Draws the table in which the owner renames, merges and leaves out classes."""
    st.markdown(t("data.edit_classes"))
    frame = _frame(contents, table)
    new, use = t("data.new_class_name"), t("data.is_used")
    frame.insert(1, new, [row["name"] for row in table])
    frame.insert(0, use, [row["name"] not in left_out for row in table])
    fixed = [name for name in frame.columns if name not in (new, use)]
    edited = st.data_editor(frame, hide_index=True, disabled=fixed, key=f"data-editor-{id}")
    if st.button(t("data.save_classes"), icon=":material/save:", key="data-save-classes"):
        old = [row["name"] for row in table]
        names = {name: str(text or name) for name, text in zip(old, edited[new], strict=True)}
        excluded = [name for name, is_used in zip(old, edited[use], strict=True) if not is_used]
        change(id, lambda album: with_classes(album, names, excluded))
    csv_download.offer(_frame(contents, table), "classes")


def _draw_split(id: str, album: Album, *, was_refused: bool) -> None:
    """Draws how the pictures were split, and the button that draws them anew."""
    st.markdown(f"**{t('data.split_title')}**")
    st.caption(t("data.split_about"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            t("data.seed"), 0, 2**31 - 1, album.seed, width=160, help=t("data.seed_help"), key=f"seed-{id}"
        )
        if st.button(t("data.split_again"), icon=":material/shuffle:", key="data-split-again"):
            change(id, lambda latest: split_again(latest, int(seed)))
    can_flip = st.toggle(t("data.can_flip"), value=album.can_flip, help=t("data.can_flip_help"), key=f"flip-{id}")
    if can_flip != album.can_flip and not was_refused:  # a refused change is not tried again by itself
        change(id, lambda latest: flipping(latest, can_flip))
