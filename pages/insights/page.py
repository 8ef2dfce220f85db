"""Step 5, insights: what finished runs got right and wrong, why, and what training has changed.

The learner answers: why did it work, where does it fail, what moved?
Reads the run from the address; writes the chosen runs, and the section in the address.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import streamlit as st

from pages.insights import compare, errors, explain, features, moved, pairs
from pages.ui import services
from pages.ui.explanations import build_ahead
from pages.ui.persistent import persistent
from pages.ui.run_choice import choose_runs
from pages.ui.text import named, t
from pages.ui.words import draw_row
from tl_core.store.records import RunRecord

MOST_RUNS = 3
SECTIONS: Mapping[str, Callable[[Sequence[RunRecord]], None]] = MappingProxyType(
    {
        "errors": errors.draw,
        "pairs": pairs.draw,
        "explain": explain.draw,
        "features": features.draw,
        "moved": moved.draw,
        "compare": compare.draw,
    }
)
WORDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "errors": ("confusion", "calibration", "ece", "accuracy"),
        "pairs": ("mcnemar", "paired", "interval"),
        "explain": ("gradcam", "occlusion", "feature"),
        "features": ("feature", "pca", "tsne", "knn"),
        "moved": ("cka", "proof", "batchnorm", "gradient"),
        "compare": ("interval", "overfitting", "seed"),
    }
)
"""Section → the words of the lab that one meets there."""


def draw() -> None:
    services.prepare_statistics()
    st.title(t("insights.title"))
    st.markdown(t("insights.lead"))
    runs = choose_runs("insights", most=MOST_RUNS)
    if runs == []:
        st.info(t("insights.none_chosen"), icon=":material/arrow_upward:")
        return
    if runs is None:
        st.info(t("insights.no_runs"), icon=":material/science:")
        st.page_link("pages/lab/page.py", label=t("insights.to_lab"), icon=":material/arrow_back:")
        return
    build_ahead((record.id, record.ended_at) for record in runs)  # while the errors are looked at
    names = named(SECTIONS, lambda name: t(f"insights.section_{name}"))
    control = partial(
        st.segmented_control, t("insights.section"), list(SECTIONS), required=True, format_func=names.__getitem__
    )
    section = str(persistent(control, "insight-section", "errors"))
    st.caption(t(f"insights.about_{section}"))
    draw_row(*WORDS[section])
    SECTIONS[section](runs)


draw()
