"""Step 2, data: what the networks learn from. Look at any data set, bring one's own pictures and put them in order.

The learner answers: are these pictures enough, in balance and free of twins, so that a test on them means something?
Reads and writes the data set that is looked at; changes visitors' own data sets.
"""

from functools import partial
from types import MappingProxyType

import streamlit as st

from pages.data import classes, import_forms, import_progress, near_duplicates, pictures, skipped_files, summary
from pages.ui import services, state
from pages.ui.owner_names import owner_name
from pages.ui.persistent import persistent
from pages.ui.text import dataset_name, named, sentence, t
from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.own.album import is_own
from tl_core.errors import TransferLabError
from tl_core.spec import RunSpec

PARTS = MappingProxyType(
    {
        "pictures": pictures.draw,
        "classes": classes.draw,
        "twins": near_duplicates.draw,
        "left_out": skipped_files.draw,
    }
)


def draw() -> None:
    services.prepare_statistics()
    st.title(t("data.title"))
    st.markdown(t("data.lead"))
    is_bringing = import_forms.draw()
    is_bringing |= import_progress.draw()
    shown = _choose()
    try:
        _draw(shown, is_bringing=is_bringing)
    except TransferLabError as error:
        st.error(sentence(error))
        summary.draw_damaged(shown)


def _draw(shown: str, *, is_bringing: bool) -> None:
    """Draws a data set: its head, and the part that was chosen."""
    contents = services.look_into(shown)
    summary.draw(shown, contents, is_bringing=is_bringing)
    if contents is None:
        return
    parts = [part for part in PARTS if part != "left_out" or is_own(shown)]
    names = named(parts, lambda part: t(f"data.part_{part}"))
    control = partial(st.segmented_control, t("data.part"), parts, required=True, label_visibility="collapsed")
    part = persistent(partial(control, format_func=names.__getitem__), f"data-part-{len(parts)}", "pictures")
    PARTS[part](shown, contents)


def _choose() -> str:
    """Draws the choice of the data set to look at: one's own and the class's first, then those of the catalogue."""
    own = services.own_datasets()
    choices = [*(record.id for record in own), *DATASETS]
    box = partial(st.selectbox, t("data.choose"), choices)
    mine = state.visitor().owner
    whose = {record.id: t("data.own_mark") if record.owner == mine else owner_name(record.owner) for record in own}
    label = named(choices, lambda id: f"{dataset_name(id)} · {whose[id]}" if id in whose else dataset_name(id))
    return persistent(partial(box, format_func=label.__getitem__), "data-shown", own[0].id if own else RunSpec.dataset)


draw()
