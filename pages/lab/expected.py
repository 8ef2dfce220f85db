"""What the defaults reach at each cut of the chosen network on the chosen data, as it was measured."""

from statistics import fmean

import pandas as pd
import streamlit as st

from pages.ui.text import count, dataset_name, percent, t
from tl_core.models.catalog import BackboneInfo
from tl_core.planning.expectations import SEEDS, is_whole, measured, size_of

VISIBLE = 0.02  # a smaller difference between means is not spoken of


def draw(dataset_id: str, backbone: BackboneInfo) -> None:
    """Draws the table, folded away, with a sentence on what it says; nothing where nothing was measured."""
    found = _default(dataset_id, backbone)
    if backbone.n_blocks not in found or len(found) < 2:
        return
    means = {n_frozen: fmean(values) for n_frozen, values in found.items()}
    with st.popover(t("expect.title"), icon=":material/query_stats:", type="tertiary"):
        st.markdown(_verdict(means, backbone.n_blocks))
        if not is_whole(dataset_id, backbone.id):
            st.markdown(t("expect.partly"))
        st.table(_table(dataset_id, backbone), hide_index=True, alt=t("expect.title"))
        size = size_of(dataset_id, backbone.id)
        per_class = t("expect.per_class", n=count(size["per_class"])) if "per_class" in size else t("lab.all")
        n_seeds = min(len(values) for values in found.values())
        st.caption(
            t(
                "expect.about",
                data=dataset_name(dataset_id),
                backbone=backbone.family,
                px=size["image_size"],
                pictures=per_class,
                n_seeds=n_seeds,
            )
        )


def _default(dataset_id: str, backbone: BackboneInfo) -> dict[int, tuple[float, ...]]:
    """Returns frozen blocks → test accuracies, of the cuts that every seed has tried: one alone tells no difference."""
    found = measured("default", dataset_id, backbone.id)
    return {n_frozen: values for n_frozen, values in found.items() if len(values) >= len(SEEDS)}


def _verdict(means: dict[int, float], n_blocks: int) -> str:
    """Returns whether training blocks helped, and at which cut most."""
    frozen = means[n_blocks]
    best = max((n for n in means if n < n_blocks), key=means.__getitem__)
    gain = means[best] - frozen
    code = "helps" if gain >= VISIBLE else "hurts" if gain <= -VISIBLE else "same"
    return t(f"expect.{code}", n=best, points=f"{abs(gain) * 100:.0f}", best=percent(means[best]), all=percent(frozen))


def _table(dataset_id: str, backbone: BackboneInfo) -> pd.DataFrame:
    default = _default(dataset_id, backbone)
    at_once = measured("at-once", dataset_id, backbone.id)
    cuts = sorted(default, reverse=True)
    columns = {
        t("field.n_frozen"): [f"{n} / {backbone.n_blocks}" for n in cuts],
        t("expect.default"): [_said(default[n]) for n in cuts],
    }
    if at_once:
        n_seeds = min(len(values) for values in at_once.values())
        columns[t("expect.at_once", n=n_seeds)] = [_said(at_once.get(n, ())) for n in cuts]
    return pd.DataFrame(columns)


def _said(accuracies: tuple[float, ...]) -> str:
    """Returns the mean, with the lowest and the highest where there are several."""
    if not accuracies:
        return "–"
    mean = percent(fmean(accuracies))
    return mean if len(accuracies) == 1 else f"{mean} ({percent(min(accuracies))} – {percent(max(accuracies))})"
