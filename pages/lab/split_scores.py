"""How well a finished run does on each of its splits: training and validation beside test, computed when asked for."""

import pandas as pd
import streamlit as st

from pages.ui import services, state
from pages.ui.blocks import accuracy_with_margin
from pages.ui.text import percent, sentence, t
from tl_core.errors import TransferLabError
from tl_core.evaluation.split_scores import SPLITS
from tl_core.store.records import RunRecord

WAIT_S = 120


def draw(record: RunRecord) -> None:
    """Draws the scores that are known, with their intervals, and a button that has the others computed."""
    with st.expander(t("split_scores.title"), icon=":material/straighten:"):
        st.caption(t("split_scores.about"))
        known = services.engine().requests.known_scores(record.id, by=state.visitor())
        missing = [split for split in SPLITS if split not in known]
        if missing and st.button(t("split_scores.compute"), key=f"splits-{record.id}", icon=":material/calculate:"):
            known |= _computed(record, missing)
        rows = [_row(split, known.get(split)) for split in SPLITS]
        table = pd.DataFrame(rows).set_index(t("split_scores.split"))
        st.table(table, alt=t("split_scores.title"))


def _computed(record: RunRecord, splits: list[str]) -> dict[str, dict]:
    """Returns the scores of some splits; what went wrong with one is said, and it is left out."""
    ask, found = services.engine().requests.evaluate, {}
    with st.spinner(t("split_scores.working")):
        try:
            asked = {split: ask(record.id, split, by=state.visitor()) for split in splits}
            for split, future in asked.items():
                found[split] = future.result(WAIT_S)
        except TransferLabError as error:
            st.error(sentence(error))
        except TimeoutError:
            st.error(t("classify.timeout", seconds=WAIT_S))
    return found


def _row(split: str, scores: dict | None) -> dict[str, str]:
    row = {t("split_scores.split"): t(f"split.{split}"), t("split_scores.n"): "–", t("split_scores.accuracy"): "–"}
    if scores is not None:
        low, high = scores["interval"]
        row[t("split_scores.n")] = f"{scores['n']:,}"
        row[t("split_scores.accuracy")] = accuracy_with_margin(scores["accuracy"], (high - low) / 2)
    interval = "–" if scores is None else f"{percent(scores['interval'][0])} – {percent(scores['interval'][1])}"
    return row | {t("split_scores.interval"): interval}
