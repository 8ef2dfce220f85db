"""The class board: all runs that were shared with the class, in one chart and one table, as they come in."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from pages.ui import csv_download, pace, services, state
from pages.ui.actions import open_run
from pages.ui.live_chart import live_figure
from pages.ui.owner_names import owner_names
from pages.ui.persistent import persistent
from pages.ui.run_names import has_fault, name_of
from pages.ui.text import dataset_name, day, named, sentence, t
from tl_core.charts.board import BoardAxis, BoardLabels, BoardRun, board_data, board_info
from tl_core.errors import TransferLabError
from tl_core.planning.plan import n_training_images, share_frozen
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.lesson import board_start, start_board
from tl_core.store.records import RunRecord, Visibility
from tl_core.store.run_dataset import run_data

POLL_S = 4.3  # no multiple of the other polls of a page: of two questions in one moment Streamlit answers one
SHOWN = 300
ROW_PX = 36
HEIGHT_PX, LARGE_PX = 430, 640
LARGE = 1.6  # letters and points for a projector, relative to those for a desk
AXES: tuple[BoardAxis, ...] = ("frozen", "per_class")


@dataclass(frozen=True)
class Shared:
    """A run on the board, and its data."""

    dataset: str
    run: BoardRun


def draw(*, is_large: bool = False) -> None:
    """Draws the board, and looks again every few seconds.

    Args:
        is_large: Whether it is for a projector: the chart alone, in large letters.
    """
    pace.draw_again("board", _draw_live, POLL_S, is_large)


def _draw_live(is_large: bool) -> None:
    pace.keep_pace("board", POLL_S)
    engine = services.engine()
    since = board_start(engine.store)
    shared = shared_runs(str(engine.home), state.language(), None if _draw_since(since) else since, state.visitor())
    if not shared:
        st.info(t("classroom.board_empty"), icon=":material/groups:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = _choose_axis()
        runs = _choose_runs(shared)
    if is_large:
        _draw_chart(runs, x, is_large=True)
        return
    chart, table = st.columns([3, 2], gap="medium")
    with chart:
        _draw_chart(runs, x)
    with table:
        _draw_table(runs)


def _draw_since(since: str | None) -> bool:
    """Says when the lesson began, and lets the instructor begin another; returns whether to show earlier runs too."""
    is_instructor = state.visitor().is_instructor
    if since is None and not is_instructor:
        return True
    with st.container(horizontal=True, vertical_alignment="center", key="board-since"):
        with_earlier = since is None
        if since is not None:
            st.caption(t("classroom.since", day=day(since)), width="content")
            with_earlier = persistent(partial(st.toggle, t("classroom.earlier")), "board-earlier", False)
        if is_instructor:
            st.button(
                t("classroom.new_lesson"),
                key="board-start",
                icon=":material/restart_alt:",
                type="tertiary",
                help=t("classroom.new_lesson_help"),
                on_click=_begin,
            )
    if problem := state.pop("board-problem"):
        st.error(sentence(problem))
    return with_earlier


def _begin() -> None:
    try:
        start_board(services.engine().store, by=state.visitor())
    except TransferLabError as error:
        state.put("board-problem", error.to_dict())
    shared_runs.clear()


@st.cache_data(ttl=2.0, max_entries=8, show_spinner=False)
def shared_runs(home: str, language: str, since: str | None, _by: Visitor) -> list[Shared]:
    """Returns the newest runs on the board; everybody finds the same, so a whole class asks the store once.

    Args:
        home: The data folder, which tells one engine's answers from another's.
        language: Of the names.
        since: Only runs that were begun since then, ISO 8601 in UTC; None: all.
        _by: Who asks; decides nothing.
    """
    records = services.engine().runs.list_runs(by=_by, visibility=Visibility.CLASS, limit=SHOWN)
    names = owner_names()
    found = []
    for record in records:
        if since is not None and record.created_at < since:
            continue
        if has_fault(record):
            continue
        with suppress(TransferLabError):  # a damaged record, or data and a backbone that are not known any more
            found.append(Shared(record.spec["dataset"], _board_run(record, names)))
    return found


def _board_run(record: RunRecord, names: dict[str, str]) -> BoardRun:
    spec = RunSpec.from_dict(record.spec or {"": ""})  # refuses the empty spec of a damaged record
    data, interval = run_data(record, services.engine().home), (record.scores or {}).get("interval")
    return BoardRun(
        run_id=record.id,
        name=name_of(record),
        owner=names.get(record.owner, "–"),
        start=spec.started_as,
        frozen=share_frozen(spec),
        per_class=n_training_images(spec, data) / len(data.classes),
        accuracy=record.test_accuracy,
        interval=tuple(interval) if interval else None,
    )


def _choose_axis() -> BoardAxis:
    names = named(AXES, lambda axis: t(f"classroom.{axis}"))
    control = partial(st.segmented_control, t("classroom.axis"), AXES, required=True, format_func=names.__getitem__)
    return persistent(control, "board-axis", AXES[0])


def _choose_runs(shared: Sequence[Shared]) -> list[BoardRun]:
    """Draws the choice of the data where there is one; returns the runs on these data."""
    present = {one.dataset for one in shared} | {state.get("board-data", "")}  # what was chosen stays a choice
    choices = sorted(present | {""}, key=lambda one: (bool(one), dataset_name(one)))
    if len(choices) == 2:
        return [one.run for one in shared]
    box = partial(
        st.selectbox,
        t("classroom.data"),
        choices,
        format_func=named(choices, lambda one: dataset_name(one) if one else t("classroom.all_data")).__getitem__,
        width=320,
    )
    most = Counter(one.dataset for one in shared).most_common(1)[0][0]
    chosen = persistent(box, "board-data", most)
    if not chosen:
        st.caption(t("classroom.mixed"))
    return [one.run for one in shared if chosen in ("", one.dataset)]


def _draw_chart(runs: Sequence[BoardRun], x: BoardAxis, *, is_large: bool = False) -> None:
    label = t("classroom.label", n=len(runs), axis=t(f"classroom.{x}"))
    pressed = live_figure(
        _figure(runs, x, LARGE if is_large else 1.0),
        key="board-large" if is_large else "board",
        height=LARGE_PX if is_large else HEIGHT_PX,
        revision=f"board-{x}",
        label=label,
        can_press=True,
    )
    if pressed:
        open_run(pressed)
    if not is_large:
        st.caption(t("classroom.press"))
    n_untested = sum(run.accuracy is None for run in runs)
    if n_untested:
        st.caption(t("classroom.untested", n=n_untested))


def _figure(runs: Sequence[BoardRun], x: BoardAxis, scale: float) -> str:
    """Returns the figure as JSON: made now, or the last time that the same runs were drawn in this visit."""
    info, about = board_info(runs, x), (x, scale, state.language())
    before = state.get("board-figure")
    if before and before[:2] == (about, info):
        return before[2]
    labels = BoardLabels(
        pretrained=t("choice.weights.pretrained"),
        random=t("choice.weights.random"),
        other=t("classroom.other_start"),
        accuracy=t("classroom.accuracy"),
        frozen=t("classroom.frozen"),
        per_class=t("classroom.per_class"),
        mean=t("classroom.mean"),
    )
    text = json.dumps(board_data(info, labels, scale), separators=(",", ":"), allow_nan=False)
    state.put("board-figure", (about, info, text))
    return text


def _draw_table(runs: Sequence[BoardRun]) -> None:
    """Draws the runs, the best first."""
    ranked = sorted(runs, key=lambda run: -1.0 if run.accuracy is None else run.accuracy, reverse=True)
    columns = {
        "owner": [run.owner for run in ranked],
        "accuracy": [None if run.accuracy is None else round(run.accuracy, 3) for run in ranked],
        "frozen": [round(run.frozen, 2) for run in ranked],
        "per_class": [round(run.per_class) for run in ranked],
        "start": [t(f"choice.started_as.{run.start}") for run in ranked],
        "run": [run.name for run in ranked],
    }
    heads = {name: t(f"classroom.column_{name}") for name in columns}
    config = {name: st.column_config.Column(head) for name, head in heads.items()}
    for name in ("accuracy", "frozen"):
        config[name] = st.column_config.NumberColumn(heads[name], format="percent")
    table = pd.DataFrame(columns)
    height = min(HEIGHT_PX, ROW_PX * (len(table) + 1) + 3)  # no empty rows
    pressed = st.dataframe(
        table,
        on_select="rerun",
        selection_mode="single-cell",
        hide_index=True,
        height=height,
        row_height=ROW_PX,
        column_config=config,
        placeholder="–",
        key="board-table",
    )
    for row, column in pressed.selection.cells:
        if column == "run" and row < len(ranked):
            open_run(ranked[row].run_id)
    csv_download.offer(table.rename(columns=heads), "class")
