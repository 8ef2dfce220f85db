"""The worksheet of a mission: what the visitor predicted, measured and wrote, as a page that prints as it is."""

from collections.abc import Iterator, Mapping
from statistics import fmean

import streamlit as st

from pages.learn.results import Results, told
from pages.learn.verdicts import verdicts
from pages.ui import state, sweep_names
from pages.ui.text import count, percent, seconds, t
from tl_core.charts.printed_curves import PrintedCurve, curves_svg
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Level
from tl_core.lessons import paper
from tl_core.lessons.catalog import Lesson
from tl_core.lessons.mission_text import END, LIMITS
from tl_core.lessons.progress import Progress
from tl_core.store.records import RunRecord, RunState


def draw(lesson: Lesson, progress: Progress, results: Results, conclusion: str) -> None:
    """Draws the button that downloads it.

    Args:
        lesson: The mission with its words.
        progress: How far the visitor is in it.
        results: The visitor's own runs.
        conclusion: The sentence that those support, as Markdown; "": none.
    """
    st.download_button(
        t("worksheet.take"),
        page(lesson, progress, results, conclusion).encode(),
        file_name=f"{lesson.mission.id}.{state.language()}.html",
        mime="text/html",
        icon=":material/print:",
        on_click="ignore",
        key="worksheet",
        help=t("worksheet.take_help"),
    )


def page(lesson: Lesson, progress: Progress, results: Results, conclusion: str) -> str:
    """Returns it as HTML."""
    words = lesson.texts[state.language()]
    parts = [
        paper.paragraph(words.lead),
        paper.paragraph(t("worksheet.name_line", day=(progress.ended_at or "")[:10]), kind="note"),
        _predictions(lesson, progress, results),
        *_runs(lesson, results),
        *map(sweep_section, results.sweeps.values()),
        *_own_words(lesson, progress, results),
    ]
    if conclusion:
        parts.append(paper.section(t("worksheet.supported"), paper.markup(conclusion)))
    limits = told(words.sections[END].parts[LIMITS], words, results)
    parts.append(paper.section(t("learn.not_shown").rstrip(":："), paper.markup(limits)))
    parts.append(paper.section(t("worksheet.next_question"), paper.lines()))
    ids = [one.record.id[:8] for one in (*results.runs.values(), *results.sweeps.values())]
    if ids:
        parts.append(paper.paragraph(t("worksheet.from_runs", ids=t("unit.comma").join(ids)), kind="note"))
    return paper.document(words.title, state.language(), parts)


def _predictions(lesson: Lesson, progress: Progress, results: Results) -> str:
    rows = [[one.title, one.said, one.measured, one.outcome] for one in verdicts(lesson, progress, results)]
    heads = [t("worksheet.question"), t("learn.said"), t("learn.measured"), ""]
    return paper.section(t("worksheet.predictions"), paper.table(heads, rows)) if rows else ""


def _runs(lesson: Lesson, results: Results) -> Iterator[str]:
    """Yields the table of the runs, and the curves of their validation accuracy."""
    words = lesson.texts[state.language()]
    shown = {name: results.runs[name] for name in lesson.mission.runs if name in results.runs}
    if not shown:
        return
    rows = [
        [words.run_name(name), _scored(record), count(record.trainable_params), seconds(record.seconds)]
        for name, record in ((name, one.record) for name, one in shown.items())
    ]
    heads = [t("learn.run"), t("runs.test"), t("learn.trained"), t("learn.time")]
    curves = [
        PrintedCurve(
            words.run_name(name),
            tuple((epoch.epoch, epoch.val_accuracy) for epoch in one.epochs if epoch.val_accuracy is not None),
            "baseline" if "baseline_of" in lesson.mission.runs[name] else "run",
        )
        for name, one in shown.items()
    ]
    parts = [paper.table(heads, rows)]
    if any(curve.points for curve in curves):
        about = t("worksheet.curves")
        parts.append(
            paper.figure(curves_svg(curves, t("worksheet.epoch"), t("learn.value_val_accuracy"), about), about)
        )
    yield paper.section(t("worksheet.runs"), *parts)


def _scored(record: RunRecord) -> str:
    if record.test_accuracy is None or record.state is not RunState.COMPLETED:
        return "–"
    interval = (record.scores or {}).get("interval")
    margin = f" ± {100 * (interval[1] - interval[0]) / 2:.1f}" if interval else ""
    return f"{percent(record.test_accuracy, 1)}{margin}"


def sweep_section(snapshot: SweepSnapshot) -> str:
    """Returns the means of an experiment over its seeds, as curves and a table; each line of it has its own."""
    sweep, known = sweep_names.sweep_of(snapshot.record), PRESETS.get(str(snapshot.record.sweep["kind"]))
    x = known.x if known is not None else sweep.factors[0]
    series = known.series if known is not None else next(iter(sweep.factors[1:]), None)
    lines = list(dict.fromkeys(row[series] for row in snapshot.rows)) if series else [""]
    levels = list(dict.fromkeys(row[x] for row in snapshot.rows))
    means = [[_mean(snapshot, {x: level} | ({series: line} if series else {})) for level in levels] for line in lines]
    name = sweep_names.name_of(snapshot.record)
    names = [sweep_names.level(series, line, sweep.kind) if series else name for line in lines]
    curves = [
        PrintedCurve(named, tuple((at, mean) for at, mean in enumerate(each, start=1) if mean is not None))
        for named, each in zip(names, means, strict=True)
    ]
    ticks = [sweep_names.level(x, level, sweep.kind) for level in levels]
    rows = [[tick, *(percent(each[at], 1) for each in means)] for at, tick in enumerate(ticks)]
    word, about = sweep_names.factor(x, sweep.kind), t("worksheet.mean")
    picture = paper.figure(curves_svg(curves, word, t("learn.value_test_accuracy"), about, ticks), about)
    return paper.section(name, picture, paper.table([word, *(names if series else [about])], rows))


def _mean(snapshot: SweepSnapshot, of: Mapping[str, Level]) -> float | None:
    """Returns the mean test accuracy of the trials at some levels that have one."""
    found = [row["test_accuracy"] for row in snapshot.rows if all(row[name] == level for name, level in of.items())]
    known = [one for one in found if one is not None]
    return fmean(known) if known else None


def _own_words(lesson: Lesson, progress: Progress, results: Results) -> Iterator[str]:
    words = lesson.texts[state.language()]
    for step in lesson.mission.steps:
        if step.kind == "explain" and step.id in progress.answers:
            said = paper.paragraph(str(progress.answers[step.id]), kind="box")
            asked = paper.markup(told(words.sections[step.id].body, words, results))
            yield paper.section(t("learn.own_words"), asked, said)
