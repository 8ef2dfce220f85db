"""The planned learning rate, drawn small below the controls that decide it."""

from collections.abc import Mapping

import streamlit as st

from pages.ui.live_chart import live_figure
from pages.ui.text import t
from tl_core.charts.rates import RatesLabels, rates_figure, rates_info
from tl_core.datasets.catalog import DatasetInfo
from tl_core.planning.plan import n_training_images
from tl_core.planning.rates import planned_rates, steps_per_epoch
from tl_core.spec import RunSpec

CURVE_PX = 120


def draw(values: Mapping, dataset: DatasetInfo, *, is_head_only: bool) -> None:
    """Draws the rate over the epochs of the last phase, unless it stays what it is.

    Args:
        values: Fields of `RunSpec`, as chosen.
        dataset: What is trained on.
        is_head_only: Whether the last phase is the head's.
    """
    if values["schedule"] == "constant":
        return
    rate = values["head_learning_rate" if is_head_only else "learning_rate"]
    spec = RunSpec(**{**values, "learning_rate": rate})
    points = planned_rates(spec, steps_per_epoch(n_training_images(spec, dataset), spec.batch_size))
    label = t("lab.rate_curve", first=f"{points[0][1]:.2g}", last=f"{points[-1][1]:.2g}")
    st.caption(label)
    figure = rates_figure(rates_info(points, spec.epochs), RatesLabels(t("field.epochs"), t("lab.rate_axis")))
    live_figure(figure, key="rate-curve", height=CURVE_PX, revision=spec.schedule, label=label)
