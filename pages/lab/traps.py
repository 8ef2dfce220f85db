"""Known traps in the settings, said before the training, each with the button that mends it."""

from collections import Counter
from types import MappingProxyType

import streamlit as st

from pages.lab import run_panel
from pages.ui import controls, services, state
from pages.ui.text import count, percent, t
from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.own.album import is_own
from tl_core.datasets.own.splits import TRAIN
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.lessons.catalog import lessons
from tl_core.lessons.linter import Trap, traps
from tl_core.spec import RunSpec

_COUNTED = ("n_pooled", "n_backbone", "n_train")
_ICONS = MappingProxyType(
    {
        "statistics": ":material/sync_problem:",
        "rate_high": ":material/speed:",
        "random_head": ":material/directions_run:",
        "momentum": ":material/hourglass_empty:",
        "scratch_short": ":material/timelapse:",
        "tiny_pictures": ":material/photo_size_select_small:",
        "large_head": ":material/expand_content:",
        "uneven": ":material/bar_chart:",
        "validation_small": ":material/width_normal:",
    }
)


def draw(spec: RunSpec, dataset: DatasetInfo) -> None:
    """Draws a line for each trap; nothing where there is none."""
    found = traps(spec, dataset, _n_per_class(dataset))
    if not found:
        return
    with st.container(key="traps", gap="xsmall"):
        for trap in found:
            _draw_trap(trap, spec)


def _n_per_class(dataset: DatasetInfo) -> tuple[int, ...]:
    """Returns the training pictures of each class of somebody's own data set; nothing of the others."""
    if not is_own(dataset.id):
        return ()
    try:
        found = services.look_into(dataset.id)
    except TransferLabError:
        return ()
    if found is None or found.album is None:
        return ()
    used = found.album.used
    return tuple(Counter(used.name[used.split == TRAIN].tolist()).values())


def _draw_trap(trap: Trap, spec: RunSpec) -> None:
    """Draws what it is, where it is explained, and the button, unless a lesson has fixed what it would change."""
    row = st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"trap-{trap.code}", gap="small")
    with row:
        said = _said(trap)
        words = f"{_ICONS[trap.code]} {t(f'trap.{trap.code}', **said)}"
        st.caption(words, width="stretch", help=t(f"trap.{trap.code}_about", **said))
        if trap.mission in lessons(data_home()).lessons:
            address = {"mission": str(trap.mission), "lang": state.language()}
            st.page_link("pages/learn/page.py", label=t("trap.why"), query_params=address, width="content")
        is_open = trap.changes and not any(map(controls.is_fixed, trap.changes))
        mend = t("trap.mend")
        if is_open and st.button(mend, key=f"mend-{trap.code}", type="tertiary", icon=":material/build:"):
            run_panel.set_controls(trap.mended(spec, data_home()))


def _said(trap: Trap) -> dict[str, object]:
    """Returns the values as they are shown."""
    said = {name: count(int(str(value))) if name in _COUNTED else value for name, value in trap.values.items()}
    if "share" in said:
        said["share"] = percent(float(str(said["share"])))
    if trap.code == "large_head":
        said["n"] = count(int(str(said["n"])))
    return said
