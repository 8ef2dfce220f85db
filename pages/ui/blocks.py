"""Pieces that several pages draw: curves, the layer map, a run's line of progress, the weight proof."""

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from pages.ui import state
from pages.ui.live_chart import Replay, live_figure
from pages.ui.persistent import persistent
from pages.ui.services import ClassSample
from pages.ui.text import class_name, count, named, percent, seconds_left, t, time_left
from tl_core.charts.curves import Axis, CurvesLabels, EpochPoint, RunCurve, StepPoint, curves_data, curves_info
from tl_core.charts.weight_changes import percent_moved
from tl_core.engine.runs.snapshots import RunSnapshot

AXES = ("epochs", "seconds", "images")
BRIEF_S = 2.0  # in epochs that are shorter, the words would flutter between training and validating
METRICS = ("accuracy", "loss")
CURVES_PX = 340


def picture_strip(samples: Sequence[ClassSample], *, is_own: bool = False) -> None:
    """Draws one photograph of each class with its name and its number of training pictures, in two rows or one.

    Args:
        samples: The classes.
        is_own: Whether somebody named the classes, who means these very words.
    """
    names = [escape(one.name if is_own else class_name(one.name)) for one in samples]
    figures = "".join(
        f'<figure title="{name} · {one.n_train}"><img src="{one.address}" alt="">'
        f"<small>{one.n_train}</small><figcaption>{name}</figcaption></figure>"
        for name, one in zip(names, samples, strict=True)
    )
    n_columns = max(5, -(-len(names) // 2))
    st.html(f'<div class="tl-strip" style="--columns: {n_columns}">{figures}</div>')


def view_strip(addresses: Sequence[str]) -> None:
    """Draws a picture, and beside it what augmentation makes of it."""
    labels = [t("views.original"), *(t("views.view", n=n) for n in range(1, len(addresses)))]
    figures = "".join(
        f'<figure><img src="{address}" alt=""><figcaption>{escape(label)}</figcaption></figure>'
        for address, label in zip(addresses, labels, strict=True)
    )
    st.html(f'<div class="tl-strip" style="--columns: {len(addresses)}">{figures}</div>')


def curve_of(snapshot: RunSnapshot, name: str) -> RunCurve:
    """Returns a run in the form that the charts draw."""
    record, per_epoch = snapshot.record, _steps_per_epoch(snapshot)
    steps = tuple(
        StepPoint(int(step), elapsed_s, int(images), step / per_epoch, loss, accuracy)
        for step, elapsed_s, images, loss, accuracy in snapshot.trace
    )
    epochs = tuple(
        EpochPoint(e.epoch, e.elapsed_s, e.images, e.step, e.val_loss, e.val_accuracy, e.train_loss, e.train_accuracy)
        for e in snapshot.epochs
    )
    state, best = record.state.value, record.best_epoch
    n_epochs = snapshot.spec.all_epochs if snapshot.is_active else None
    return RunCurve(record.id, name, record.role, state, steps, epochs, best, _head_epochs(snapshot), n_epochs)


def _head_epochs(snapshot: RunSnapshot) -> int | None:
    """Returns how many epochs the first of two phases has, or had when it ended early; None where there is one."""
    if snapshot.spec.phases == 1:
        return None
    last = max((epoch.epoch for epoch in snapshot.epochs if epoch.phase == 1), default=0)
    return last if any(epoch.phase == 2 for epoch in snapshot.epochs) else snapshot.spec.head_epochs


def _steps_per_epoch(snapshot: RunSnapshot) -> float:
    if snapshot.epochs:
        return snapshot.epochs[-1].step / snapshot.epochs[-1].epoch
    return snapshot.n_steps / snapshot.spec.all_epochs if snapshot.n_steps else 1.0


def curves(
    snapshots: Sequence[RunSnapshot],
    names: Sequence[str],
    key: str,
    *,
    replay: Replay | None = None,
    beside: Callable[[], None] | None = None,
) -> None:
    """Draws accuracy and loss of several runs, with a choice of the x axis.

    Args:
        snapshots: The runs. What has not changed since anybody looked at it is not drawn anew.
        names: What the legend calls them.
        key: Names the pair of charts on its page.
        replay: Reveals recorded curves bit by bit, if given.
        beside: Draws what stands beside that choice, if given.
    """
    names_of = named(AXES, lambda axis: t(f"curves.{axis}"))
    control = partial(st.segmented_control, t("curves.axis"), AXES, required=True, label_visibility="collapsed")
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"axis-{key}"):
        x = persistent(partial(control, format_func=names_of.__getitem__), f"{key}-axis", AXES[0])
        if beside is not None:
            beside()
    figures = _figures(snapshots, names, x)
    with st.container(key=f"curves-{key}"):
        places = st.columns(len(METRICS), gap="small")
    for metric, place in zip(METRICS, places, strict=True):
        with place:
            live_figure(
                figures[metric],
                key=f"{key}-{metric}",
                height=CURVES_PX,
                revision=f"{x}-{'-'.join(snapshot.record.id for snapshot in snapshots)}",
                label=t(f"curves.label_{metric}", runs=", ".join(names)),
                replay=replay,
            )


def _figures(snapshots: Sequence[RunSnapshot], names: Sequence[str], x: Axis) -> dict[str, str]:
    """Returns metric → figure as JSON; who looks at the same runs in the same language gets the same one."""
    versions = tuple((one.record.id, one.version, one.record.ended_at, one.record.best_epoch) for one in snapshots)
    return _drawn(versions, tuple(names), x, state.language(), snapshots)


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(
    versions: tuple, names: tuple[str, ...], x: Axis, language: str, _snapshots: Sequence[RunSnapshot]
) -> dict[str, str]:
    shown = [curve_of(snapshot, name) for snapshot, name in zip(_snapshots, names, strict=True)]
    labels = CurvesLabels(**{name: t(f"curves.{name}") for name in CurvesLabels.__dataclass_fields__})
    figures = {metric: curves_data(curves_info(shown, metric, x), labels) for metric in METRICS}
    return {metric: json.dumps(data, separators=(",", ":"), allow_nan=False) for metric, data in figures.items()}


def progress_line(snapshot: RunSnapshot, wait_s: float | None = None) -> None:
    """Draws the progress bar of a waiting or training run, with what it does and how long it still takes.

    Args:
        snapshot: The run.
        wait_s: In how many seconds it is expected to begin, if that is known of a waiting run.
    """
    share, text = 0.0, t(f"phase.{snapshot.phase}")
    if snapshot.is_stopping:
        text = t("progress.stopping")
    elif snapshot.queue_position:
        text = t("progress.queued", position=snapshot.queue_position)
        if wait_s is not None:
            text = t("progress.queued_about", position=snapshot.queue_position, wait=seconds_left(wait_s))
    elif snapshot.is_paused:
        share, text = _paused(snapshot, text)
    elif snapshot.phase == "queued":  # sent, and nothing heard yet: the worker is not ready
        text = t("progress.starting")
    elif snapshot.phase == "cached":
        share, text = 1.0, t("progress.cached", n=f"{snapshot.total:,}")
    elif snapshot.phase in ("training", "validating") and snapshot.n_steps:
        share, text = snapshot.step / snapshot.n_steps, _in_epoch(snapshot, text)
    elif snapshot.total:
        share, text = snapshot.done / snapshot.total, _counted(snapshot, text)
        if snapshot.phase == "testing":
            text = f"{text} · {time_left(snapshot.left_s(time.monotonic()))}"
    st.progress(min(share, 1.0), text=text)


def _in_epoch(snapshot: RunSnapshot, phase: str) -> str:
    """Returns which epoch it is, what is being validated where that takes its time, and how long it all still takes."""
    spec, finished = snapshot.spec, snapshot.epochs
    said = [t("progress.epoch", epoch=min(spec.all_epochs, len(finished) + 1), epochs=spec.all_epochs)]
    if (head_epochs := _head_epochs(snapshot)) is not None:
        said.append(t("progress.head_first" if len(finished) < head_epochs else "progress.blocks_too"))
    if snapshot.phase == "validating" and not (finished and finished[-1].seconds < BRIEF_S):
        said.append(_counted(snapshot, phase))
    return " · ".join([*said, time_left(snapshot.left_s(time.monotonic()))])


def _counted(snapshot: RunSnapshot, phase: str) -> str:
    return t("progress.counted", phase=phase, done=f"{snapshot.done:,}", total=f"{snapshot.total:,}")


def _paused(snapshot: RunSnapshot, phase: str) -> tuple[float, str]:
    if not snapshot.step or snapshot.phase == "testing":
        return 0.0, t("progress.paused_early", phase=phase)
    share = snapshot.step / snapshot.n_steps
    return share, t("progress.paused", step=f"{snapshot.step:,}", n_steps=f"{snapshot.n_steps:,}")


def weight_proof(proof: Sequence[dict]) -> None:
    """Draws which blocks a training changed, by the hashes of their weights."""
    n_frozen = sum(row["frozen"] for row in proof)
    n_kept = sum(row["frozen"] and not row["changed"] for row in proof)
    n_trained = len(proof) - n_frozen
    n_changed = sum(not row["frozen"] and row["changed"] for row in proof)
    st.caption(t("proof.summary", n_frozen=n_frozen, n_kept=n_kept, n_trained=n_trained, n_changed=n_changed))
    columns = {
        "block": [row["block"] for row in proof],
        "role": [t(f"map.{_role(row)}") for row in proof],
        "changed": [_change(row) for row in proof],
        "before": [row["before"] for row in proof],
    }
    if "after_head" in proof[0]:
        columns["after_head"] = [row["after_head"] for row in proof]
    columns["after"] = [row["after"] for row in proof]
    table = pd.DataFrame({t(f"proof.{name}"): values for name, values in columns.items()})
    st.table(table, hide_index=True, alt=t("proof.title"))


def _change(row: dict) -> str:
    """Returns whether a block was changed, and by how much where that is known."""
    said = t("proof.yes") if row["changed"] else t("proof.no")
    return f"{said} ({percent_moved(row['relative_change'])})" if row.get("relative_change") else said


def _role(row: dict) -> str:
    if row["block"] == "head":
        return "head"
    return "frozen" if row["frozen"] else "trainable"


def parameter_line(frozen: int, trainable: int, epoch: str, epoch_help: str) -> None:
    """Draws the frozen and trainable counts and the time of an epoch in one line, with what they mean behind it."""
    about = [t("map.frozen_help"), t("map.trainable_help"), epoch_help, t("map.note")]
    line = t("lab.numbers", frozen=count(frozen), trainable=count(trainable), epoch=epoch)
    st.caption(line, help="\n\n".join(about))


def accuracy_with_margin(accuracy: float, margin: float) -> str:
    """Returns an accuracy with half its 95 % interval, such as "71% ± 3"."""
    return f"{percent(accuracy)} ± {margin * 100:.0f}"
