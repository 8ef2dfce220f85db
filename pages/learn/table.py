"""The results of some runs as bars, each with the interval in which chance could have put it."""

from html import escape

import streamlit as st

from pages.learn.results import Results
from pages.ui import state
from pages.ui.text import count, percent, seconds, t
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission import Step
from tl_core.store.records import RunState


def draw_results(lesson: Lesson, step: Step, results: Results) -> None:
    """Draws test accuracy with its 95 % interval, what was trained, and how long that took."""
    words = lesson.texts[state.language()]
    heads = [t("learn.run"), t("runs.test"), "", t("learn.trained"), t("learn.time")]
    rows = []
    for name in step.runs:
        record = results.runs[name].record
        accuracy, interval = record.test_accuracy, (record.scores or {}).get("interval") or [0.0, 0.0]
        if accuracy is None or record.state is not RunState.COMPLETED:
            continue
        margin = 100 * (interval[1] - interval[0]) / 2
        bar = (
            f'<i style="width: {100 * accuracy:.1f}%"></i>'
            f'<b style="left: {100 * interval[0]:.1f}%; width: {100 * (interval[1] - interval[0]):.1f}%"></b>'
        )
        rows.append(
            f'<tr><th scope="row">{escape(words.run_name(name))}</th><td>{percent(accuracy, 1)} ± {margin:.1f}</td>'
            f'<td class="bar"><div>{bar}</div></td><td>{count(record.trainable_params)}</td>'
            f"<td>{seconds(record.seconds)}</td></tr>"
        )
    if not rows:
        return
    head = "".join(f'<th scope="col">{escape(one)}</th>' if one else "<td></td>" for one in heads)
    caption = f"<caption>{escape(t('learn.results_about'))}</caption>"
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    st.html(f'<div class="tl-results"><table>{caption}{body}</table></div>')
