"""Where in a test picture the networks find what they say: maps side by side, their channels, and a check of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.insights import channels, sanity
from pages.insights.pictures import draw_pictures, order_of, pictures_of
from pages.ui import state
from pages.ui.answers import answered
from pages.ui.explanations import Shown, choose_method, draw_maps
from pages.ui.run_names import class_name_in, class_names_in, name_of
from pages.ui.text import named, percent, t
from tl_core.disk.home import data_home
from tl_core.evaluation.insight.explanations import METHODS
from tl_core.models.catalog import backbone_info
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes

PREDICTED = -1
MORE = {"channels": channels.draw, "sanity": sanity.draw}


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the choice of a test picture of the first run, and every run's map over it."""
    found = answered("samples", [records[0]])
    if found is None:
        return
    place = _choose_picture(records[0], found["pictures"])
    picture = _picture(records[0], place)
    if place is None or picture is None:
        return
    chosen = {"image": place, **_choose_view(records)}
    answer = answered("explain", records, draw_value=partial(_draw_answer, records, picture), **chosen)
    if answer is None:
        return
    _draw_answer(records, picture, answer)
    for name, draw_more in MORE.items():
        if st.toggle(t(f"explain.{name}"), key=f"explain-{name}", help=t(f"explain.{name}_help")):
            draw_more(records, answer, picture, chosen)


def _draw_answer(records: Sequence[RunRecord], picture: np.ndarray, answer: Any) -> None:
    """Draws the maps that are there."""
    by_id = {record.id: record for record in records}
    shown = [Shown(name_of(by_id[one["run"]]), picture, one, _says(by_id[one["run"]], one)) for one in answer["maps"]]
    draw_maps(shown, key="explain", name=t("explain.picture"))


def _choose_picture(record: RunRecord, pictures: Sequence[Mapping]) -> int | None:
    """Draws mistakes and hits; returns the place of the one that is chosen."""
    abouts = [
        t(
            "explain.hit" if one["true"] == one["predicted"] else "insights.mistake",
            true=class_name_in(record, one["true"]),
            predicted=class_name_in(record, one["predicted"]),
            probability=percent(one["probability"]),
        )
        for one in pictures
    ]
    badges = ["✓" if one["true"] == one["predicted"] else "✗" for one in pictures]
    label = t("explain.choose_picture")
    st.caption(label)
    places = [one["image"] for one in pictures]
    key = f"explained-{record.id}"
    marked = draw_pictures(record, places, abouts, key=key, label=label, badges=badges, can_mark=True, is_single=True)
    return marked[0] if marked else None


def _picture(record: RunRecord, place: int | None) -> np.ndarray | None:
    found = pictures_of(record)
    if found is None or place is None:
        return None
    return np.asarray(found.pictures[int(order_of(record, found)[place])])


def _choose_view(records: Sequence[RunRecord]) -> dict:
    """Draws what can be chosen of a map: how it is found, at which block, and for which class."""
    how, where, what = st.columns([3, 2, 2], vertical_alignment="bottom")
    with how:
        method = choose_method(METHODS, "explain-method")
    with where:
        block = _choose_block(records, is_used=method == "gradcam")
    with what:
        target = _choose_target(records)
    return {"method": method, "block": block, "target": target}


def _choose_block(records: Sequence[RunRecord], *, is_used: bool) -> str:
    """Draws the blocks that all networks have, from the last one on."""
    chains = [_blocks(record) for record in records]
    common = [name for name in reversed(chains[0][:-1]) if all(name in chain for chain in chains)]
    options = ["", *common]
    names = {"": t("explain.last_block")} | {name: name for name in common}
    chosen = st.selectbox(
        t("explain.block"),
        options,
        format_func=names.__getitem__,
        help=t("explain.block_help"),
        disabled=not is_used,
        key=f"explain-block-{'-'.join(chains[0])}-{state.language()}",
    )
    return str(chosen) if is_used else ""


def _blocks(record: RunRecord) -> list[str]:
    """Returns the names of the blocks before a run's head, from the input."""
    backbone = backbone_info(str(record.spec["backbone"]))
    return [block.name for block in backbone.blocks[: backbone.n_used(record.spec.get("head_at"))]]


def _choose_target(records: Sequence[RunRecord]) -> int | None:
    """Draws the classes, where all networks tell the same ones apart."""
    if len({tuple(run_classes(record, data_home())) for record in records}) > 1:
        return None
    names = {PREDICTED: t("explain.predicted")} | dict(enumerate(class_names_in(records[0])))
    chosen = st.selectbox(
        t("explain.target"),
        list(names),
        format_func=named(names, names.__getitem__).__getitem__,
        help=t("explain.target_help"),
        key=f"explain-target-{records[0].spec['dataset']}-{state.language()}",
    )
    return None if chosen == PREDICTED else chosen


def _says(record: RunRecord, one: Mapping) -> str:
    """Returns the class that is explained and its probability; the margins of an SVM are none."""
    name = class_names_in(record)[one["target"]]
    return name if record.spec.get("head") == "svm" else f"{name} · {percent(one['probability'])}"
