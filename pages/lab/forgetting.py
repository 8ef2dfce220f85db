"""What a run that started from another one has forgotten of that one's task: a curve below the run's own."""

import json
from collections.abc import Sequence

import streamlit as st

from pages.ui.live_chart import live_figure
from pages.ui.text import dataset_name, percent, t
from tl_core.charts.forgetting import ForgettingLabels, forgetting_data, forgetting_info
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.planning.plan import is_head_only

HEIGHT_PX = 220


def draw(snapshots: Sequence[RunSnapshot]) -> None:
    """Draws the curve of the run among some that has a source; nothing without one, or before its first epoch."""
    for snapshot in snapshots:
        source = snapshot.record.environment.get("source")
        if source is not None and snapshot.epochs:
            _draw(snapshot, source)


def _draw(snapshot: RunSnapshot, source: dict) -> None:
    info = forgetting_info([(epoch.epoch, epoch.source_accuracy) for epoch in snapshot.epochs], source["val_accuracy"])
    dataset = dataset_name(str(source["dataset"]))
    st.markdown(t("forgetting.title", dataset=dataset))
    if not info.points:
        st.caption(t("forgetting.none"))
        return
    if is_head_only(snapshot.spec) and snapshot.spec.batchnorm != "updating":
        st.caption(t("forgetting.constant", accuracy=percent(info.points[-1][1])))
        return
    words = {word: t(f"forgetting.{word}") for word in ForgettingLabels.__dataclass_fields__}
    live_figure(
        json.dumps(forgetting_data(info, ForgettingLabels(**words)), separators=(",", ":"), allow_nan=False),
        key=f"forgetting-{snapshot.record.id}",
        height=HEIGHT_PX,
        revision=snapshot.record.id,
        label=t("forgetting.label", dataset=dataset),
    )
    st.caption(t("forgetting.about"))
