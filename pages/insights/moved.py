"""What training has changed in each block: weights, what it makes of pictures, BatchNorm statistics, gradients."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import csv_download, services, state
from pages.ui.answers import answered
from pages.ui.live_chart import live_figure
from pages.ui.run_names import name_of
from pages.ui.text import literal, t
from tl_core.charts.gradient_norms import GradientNormsLabels, gradient_norms_data, gradient_norms_info
from tl_core.charts.layer_map import LayerMapInfo, layer_map_info
from tl_core.charts.moved import MovedLabels, height_px, moved_data, moved_info
from tl_core.charts.weight_changes import percent_moved
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes

HEAD = "head"
MEASURES = ("relative_change", "cka", "mean_drift")
NUMBERS = ("relative_change", "cka", "mean_drift", "variance_drift", "cka_with_first")
GRADIENTS_PX = 300


def draw(records: Sequence[RunRecord]) -> None:
    """Draws what each run has changed, side by side where there are two, and how alike they have become."""
    answer = answered("moved", records, draw_value=partial(_draw_runs, records, is_whole=False))
    if answer is not None:
        _draw_runs(records, answer)
        _draw_between(records, answer)
        st.caption(t("moved.about_cka", n=answer["n"]))
    _draw_gradients(records)


def _draw_runs(records: Sequence[RunRecord], answer: Any, *, is_whole: bool = True) -> None:
    """Draws the blocks of each run; of an answer that is under way, what the weights alone tell."""
    for record, place, rows in zip(records, _places(records), _rows_of(answer), strict=True):
        with place:
            st.header(literal(name_of(record)), anchor=False)
            _draw_strip(record, rows, MEASURES, f"moved-{record.id}-{is_whole}", t("moved.label", name=name_of(record)))
            if is_whole:
                _draw_most(rows)
                _draw_table(record, rows)


def _places(records: Sequence[RunRecord]) -> Sequence[Any]:
    return st.columns(2, gap="medium") if len(records) == 2 else [st.container() for _ in records]


def _rows_of(answer: dict) -> list[list[dict]]:
    return [answer["blocks"], *(other["blocks"] for other in answer["others"])]


def _draw_strip(record: RunRecord, rows: Sequence[dict], measures: Sequence, key: str, label: str) -> None:
    info = moved_info(_layer_map(record), rows, measures)
    words = {name: t(f"map.{name}") for name in ("frozen", "trainable", "head", "dropped")}
    words |= {name: t(f"moved.{name}") for name in MovedLabels.__dataclass_fields__ if name not in words}
    live_figure(
        json.dumps(moved_data(info, MovedLabels(**words)), separators=(",", ":"), allow_nan=False),
        key=key,
        height=height_px(info),
        revision=f"{record.id}-{record.ended_at}-{state.language()}",
        label=label,
    )


def _layer_map(record: RunRecord) -> LayerMapInfo:
    spec = RunSpec.from_dict(record.spec)
    backbone = backbone_info(spec.backbone)
    n_classes = len(run_classes(record, data_home()))
    head = backbone.head_params(spec.head, spec.hidden, spec.image_size, n_classes, spec.head_at) or 0
    blocks = [(block.name, block.n_layers, block.params) for block in backbone.blocks]
    return layer_map_info(blocks, (t("map.head"), head), spec.n_frozen, spec.head_at, spec.further_frozen)


def _draw_most(rows: Sequence[dict]) -> None:
    """Says in a sentence which block has moved furthest, and which makes of pictures least of what it made before."""
    moved = [row for row in rows if row["relative_change"]]
    told = [row for row in rows if row["cka"] is not None]
    said = []
    if moved:
        most = max(moved, key=lambda row: row["relative_change"])
        said.append(t("moved.most", block=_block(most), change=percent_moved(most["relative_change"])))
    if told:
        least = min(told, key=lambda row: row["cka"])
        said.append(t("moved.least_alike", block=_block(least), cka=f"{least['cka']:.2f}"))
    if {row["mean_drift"] for row in rows} in ({0.0}, {0.0, None}):
        said.append(t("moved.no_drift"))
    st.markdown(" ".join(said) or t("moved.nothing"))


def _block(row: dict) -> str:
    return t("map.head") if row["block"] == HEAD else literal(row["block"])


def _draw_table(record: RunRecord, rows: Sequence[dict]) -> None:
    """Draws the numbers for those who do not see the chart, and to take along."""
    known = [name for name in NUMBERS if any(row.get(name) is not None for row in rows)]
    shown = [
        {t("proof.block"): _block(row), t("proof.role"): t(f"map.{_role(row)}")}
        | {t(f"moved.{name}"): _number(row, name) for name in known}
        for row in rows
    ]
    with st.expander(t("moved.table")):
        st.table(pd.DataFrame(shown), hide_index=True, alt=t("moved.label", name=name_of(record)))
    plain = [{name: row.get(name) for name in ("block", "frozen", *known)} for row in rows]
    csv_download.offer(pd.DataFrame(plain), f"moved-{record.id[:6]}")


def _role(row: dict) -> str:
    return HEAD if row["block"] == HEAD else "frozen" if row["frozen"] else "trainable"


def _number(row: dict, name: str) -> str:
    value = row.get(name)
    if value is None:
        return "–"
    if name == "relative_change":
        return t("moved.unmoved") if value == 0.0 and row["frozen"] else percent_moved(value)
    return f"{value:.3f}"


def _draw_between(records: Sequence[RunRecord], answer: dict) -> None:
    """Draws how alike each further run and the first have become, block by block."""
    for record, other in zip(records[1:], answer["others"], strict=True):
        names = {"first": name_of(records[0]), "name": name_of(record)}
        said = t("moved.between", **{key: literal(name) for key, name in names.items()})
        st.subheader(said, anchor=False)
        if all(row["cka_with_first"] is None for row in other["blocks"]):
            st.caption(t("moved.not_alike"))
        else:
            label = t("moved.between_label", **names)
            _draw_strip(record, other["blocks"], ("cka_with_first",), f"between-{record.id}", label)


def _draw_gradients(records: Sequence[RunRecord]) -> None:
    """Draws how large the gradient of each block was in each epoch, for the runs that have recorded it."""
    st.subheader(t("moved.gradients"), anchor=False, help=t("moved.gradients_help"))
    for record, place in zip(records, _places(records), strict=True):
        with place:
            _draw_norms(record)


def _draw_norms(record: RunRecord) -> None:
    spec = RunSpec.from_dict(record.spec)
    try:
        epochs = services.engine().runs.snapshot(record.id, by=state.visitor()).epochs
    except TransferLabError:  # deleted a moment ago
        epochs = ()
    backbone = backbone_info(spec.backbone)
    names = [block.name for block in backbone.blocks[: backbone.n_used(spec.head_at)]]
    info = gradient_norms_info(names, [(epoch.epoch, epoch.gradient_norms) for epoch in epochs])
    if not info.lines:
        st.caption(t("moved.no_gradients", name=literal(name_of(record))))
        return
    words = {name: t(f"moved.gradient_{name}") for name in GradientNormsLabels.__dataclass_fields__}
    live_figure(
        json.dumps(gradient_norms_data(info, GradientNormsLabels(**words)), separators=(",", ":"), allow_nan=False),
        key=f"gradients-{record.id}",
        height=GRADIENTS_PX,
        revision=f"{record.id}-{state.language()}",
        label=t("moved.gradients_label", name=name_of(record)),
    )
    heads = {line.name: t("map.head") if line.is_head else line.name for line in info.lines}
    table = pd.DataFrame({t("moved.gradient_epochs"): info.epochs} | {heads[one.name]: one.norms for one in info.lines})
    with st.expander(t("moved.table")):
        st.table(table.map(_short), hide_index=True, alt=t("moved.gradients_label", name=name_of(record)))
    csv_download.offer(table, f"gradients-{record.id[:6]}")


def _short(value: object) -> str:
    return "–" if value is None or value != value else f"{value:.3g}" if isinstance(value, float) else str(value)
