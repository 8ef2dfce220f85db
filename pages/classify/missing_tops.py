"""Backbones that cannot speak for themselves: their ImageNet classifier is not here, and may be downloaded."""

from collections.abc import Iterable

import streamlit as st

from pages.ui import pace, services
from pages.ui.text import percent, sentence, size, t
from tl_core.disk.home import data_home
from tl_core.models.catalog import backbones
from tl_core.models.fetched_top import FetchedTop
from tl_core.models.weights import weights_address, weights_source

ASKING_S = 1.0


def draw(backbone_ids: Iterable[str]) -> None:
    """Draws a sentence for each backbone without classifier, and the offer to download it."""
    for backbone_id in backbone_ids:
        if backbone_id in backbones() and weights_source(backbone_id, data_home(), top=True) == "download":
            with st.container(border=True, key=f"no-classifier-{backbone_id}"):
                _draw_missing(backbone_id)


def _draw_missing(backbone_id: str) -> None:
    st.markdown(
        f"**{t('classify.backbone')}** · {t('classify.no_classifier', backbone=backbones()[backbone_id].family)}"
    )
    fetched = services.engine().requests.fetched_top(backbone_id)
    if fetched is not None and fetched.error is not None:
        st.error(sentence(fetched.error))
    if fetched is not None and not fetched.is_done:
        pace.draw_again(f"fetching-{backbone_id}", _draw_progress, ASKING_S, backbone_id, fetched)
    elif not services.is_reachable(weights_address(backbone_id, top=True)):
        st.caption(f":material/cloud_off: {t('classify.no_internet')}")
    elif st.button(t("classify.fetch_classifier"), icon=":material/cloud_download:", key=f"fetch-{backbone_id}"):
        services.engine().requests.fetch_top(backbone_id)
        st.rerun()


def _draw_progress(backbone_id: str, fetched: FetchedTop) -> None:
    """Draws how much is here; once all is, the page is drawn anew and asks the backbone."""
    if fetched.is_done:
        st.rerun()
    share = fetched.done_bytes / fetched.total_bytes if fetched.total_bytes else None
    done = size(fetched.done_bytes) if share is None else percent(share)
    st.caption(t("classify.fetching", backbone=backbones()[backbone_id].family, done=done))
