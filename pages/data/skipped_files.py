"""The files of an import that were left out, each with its reason; for the owner only."""

import pandas as pd
import streamlit as st

from pages.ui import csv_download, services, state
from pages.ui.text import skipped_reason, t
from tl_core.datasets.contents import Contents


def draw(id: str, contents: Contents) -> None:
    """Draws the list and the button that downloads it."""
    if not services.may_change_dataset(id):
        st.info(t("data.left_out_private"))
        return
    skipped = services.engine().albums.skipped(id, by=state.visitor())
    if not skipped:
        st.success(t("data.left_out_none"), icon=":material/check:")
        return
    st.caption(t("data.left_out_about", n=len(skipped)))
    rows = [{t("data.file"): one["file"], t("data.reason"): skipped_reason(one)} for one in skipped]
    table = pd.DataFrame(rows)
    st.dataframe(table, hide_index=True, alt=t("data.part_left_out"))
    csv_download.offer(table, "left-out")
