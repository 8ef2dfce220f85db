"""What moves while a run trains: pictures on their way through the frozen blocks, then the weights of each block."""

import json
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from pages.ui import services, state
from pages.ui.live_chart import live_figure
from pages.ui.text import t
from tl_core.charts.weight_changes import WeightChangesLabels, percent_moved, weight_changes_data
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.models.catalog import backbone_info
from tl_core.spec import RunSpec

STRIP_PX, STRIP_WIDTH_PX = 40, 140


def draw_pass(snapshots: Sequence[RunSnapshot]) -> None:
    """Draws the pictures that the pass through the frozen blocks has reached, where one is under way."""
    for snapshot in snapshots:
        if snapshot.phase == "features" and (shown := services.pass_strip(snapshot.spec, snapshot.total)):
            n_done = sum(place < snapshot.done for place, _ in shown)
            figures = "".join(
                f'<img src="{address}" alt="">' if at < n_done else "<i></i>" for at, (_, address) in enumerate(shown)
            )
            st.html(f'<div class="tl-pass">{figures}</div>')
            st.caption(t("motion.pass"))
            return


def draw_weights(snapshots: Sequence[RunSnapshot]) -> None:
    """Draws for each run how far the weights of its blocks have moved, as far as that is known."""
    for snapshot in snapshots:
        spec, role, changes = snapshot.spec, snapshot.record.role, _changes(snapshot)
        if changes:
            live_figure(
                _figure(spec.backbone, _is_frozen(spec, changes), changes, role, state.language()),
                key=f"motion-{role}",
                height=STRIP_PX,
                width=STRIP_WIDTH_PX,
                revision=snapshot.record.id,
                label=t("motion.label", name=t(f"panel.{role}"), parts=_said(changes, _is_frozen(spec, changes))),
            )


def _changes(snapshot: RunSnapshot) -> tuple[float, ...]:
    """Returns a number for each block and the head: nothing has moved before the first step."""
    n_blocks = backbone_info(snapshot.spec.backbone).n_used(snapshot.spec.head_at)
    changes = snapshot.changes or ((0.0,) * (n_blocks + 1) if snapshot.is_active else ())
    return changes if len(changes) == n_blocks + 1 else ()


def _is_frozen(spec: RunSpec, changes: Sequence[float]) -> tuple[bool, ...]:
    """Returns of each block whether it is frozen."""
    return tuple(spec.is_frozen(at) for at in range(len(changes) - 1))


def _said(changes: Sequence[float], is_frozen: Sequence[bool]) -> str:
    """Returns the changes in words: those of the head, of the trained blocks from least to most, of the frozen ones."""
    *blocks, head = changes
    both = list(zip(blocks, is_frozen, strict=True))
    trained, kept = ([change for change, frozen in both if frozen == wanted] for wanted in (False, True))
    parts = {"head": [head], "trainable": trained, "frozen": kept}
    return t("unit.comma").join(t(f"motion.{role}", change=_range(of)) for role, of in parts.items() if of)


def _range(changes: Sequence[float]) -> str:
    least, most = percent_moved(min(changes)), percent_moved(max(changes))
    return most if least == most else t("motion.range", least=least, most=most)


@lru_cache(maxsize=64)
def _figure(backbone: str, is_frozen: tuple[bool, ...], changes: tuple[float, ...], role: str, language: str) -> str:
    """Returns the strip as JSON, made once for all who look at it."""
    blocks = [block.name for block in backbone_info(backbone).blocks[: len(changes) - 1]]
    words = {name: t(f"map.{name}") for name in ("frozen", "trainable", "head")} | {"change": t("motion.change")}
    words["title"] = t("motion.title", name=t(f"panel.{role}"))
    data = weight_changes_data(blocks, changes, is_frozen, WeightChangesLabels(**words))
    return json.dumps(data, separators=(",", ":"), allow_nan=False)
