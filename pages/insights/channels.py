"""The channels that add most to a map, each with the training pictures at which it is strongest."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from pages.insights.pictures import draw_pictures
from pages.ui.answers import answered
from pages.ui.persistent import persistent
from pages.ui.run_names import name_of
from pages.ui.text import literal, named, percent, t
from tl_core.store.records import RunRecord


def draw(records: Sequence[RunRecord], answer: Mapping, picture: np.ndarray, chosen: Mapping) -> None:
    """Draws the strongest channels of one of the maps.

    Args:
        records: The runs.
        answer: Their maps.
        picture: What the maps lie on.
        chosen: What was asked for.
    """
    record = _choose_run(records)
    map_ = next(one for one in answer["maps"] if one["run"] == record.id)
    if not map_["channels"]:
        st.caption(t("explain.no_channels"))
        return
    found = answered("channels", [record], block=map_["block"])
    if found is None:
        return
    strongest = {one["channel"]: one["pictures"] for one in found["channels"]}
    st.caption(t("explain.channels_about", n=found["n"], block=literal(map_["block"])))
    key = f"channel-{record.id}-{map_['block']}"
    for at in range(0, len(map_["channels"]), 2):  # row by row, so that a narrow page keeps their order
        for column, one in zip(st.columns(2, gap="medium"), map_["channels"][at : at + 2], strict=False):
            with column:
                _draw_channel(record, one, strongest[one["channel"]], key=key)


def _draw_channel(record: RunRecord, one: Mapping, places: Sequence[int], *, key: str) -> None:
    number, share = one["channel"], percent(one["share"], 1)
    st.markdown(f"**{t('explain.channel', number=number)}** · {t('explain.channel_share', share=share)}")
    abouts = [t("explain.channel_picture", n=n, number=number) for n in range(1, len(places) + 1)]
    label = t("explain.channel_label", number=number)
    draw_pictures(record, places, abouts, key=f"{key}-{number}", label=label, split="train")


def _choose_run(records: Sequence[RunRecord]) -> RunRecord:
    """Draws the runs, where there are several; returns the one that is chosen."""
    by_id = {record.id: record for record in records}
    if len(records) == 1:
        return records[0]
    names = named(by_id, lambda run_id: name_of(by_id[run_id]))
    control = partial(st.radio, t("explain.channels_of"), list(by_id), format_func=names.__getitem__, horizontal=True)
    return by_id[str(persistent(control, "explain-channels-run", records[0].id))]
