"""Which block is trained in which epoch, and at which rate: drawn where blocks differ in either."""

from collections.abc import Mapping

from pages.ui.live_chart import live_figure
from pages.ui.text import t
from tl_core.charts.timeline import TimelineLabels, height_px, timeline_figure, timeline_info
from tl_core.models.catalog import BackboneInfo
from tl_core.planning.plan import is_head_only
from tl_core.spec import RunSpec
from tl_core.training.unfreezing import first_epochs, share_of_rate


def block_rates(spec: RunSpec, backbone: BackboneInfo) -> Mapping[int, str]:
    """Returns, by the number of each trained block, its rate in words; nothing where all have the same."""
    if spec.block_rate_factor == 1 or is_head_only(spec):
        return {}
    n_used = backbone.n_used(spec.head_at)
    trained = [at for at in range(n_used) if not spec.is_frozen(at)]
    return {at + 1: t("timeline.rate", rate=f"{_rate(spec, at, n_used):.2g}") for at in trained}


def draw(spec: RunSpec, backbone: BackboneInfo) -> None:
    """Draws the timeline of the trained blocks and the head; nothing where all are trained alike."""
    if is_head_only(spec) or (spec.block_rate_factor == 1 and not spec.unfreeze_every):
        return
    n_used, n_before = backbone.n_used(spec.head_at), spec.head_epochs if spec.phases == 2 else 0
    rows = [
        (backbone.blocks[at].name, n_before + first, _rate(spec, at, n_used))
        for at, first in enumerate(first_epochs(spec, n_used))
        if first is not None
    ]
    first = [(1, spec.head_learning_rate)] if n_before else []
    head = t("map.head"), [*first, (n_before + 1, spec.learning_rate)]
    info = timeline_info(rows, head, spec.all_epochs)
    n_never = sum(start > spec.all_epochs for _, start, _ in rows)
    label = t("timeline.label" if n_never == 0 else "timeline.label_never", n=len(rows), n_never=n_never)
    labels = TimelineLabels(t("field.epochs"), t("timeline.rate_word"))
    live_figure(
        timeline_figure(info, labels), key="timeline", height=height_px(info), revision=backbone.id, label=label
    )


def _rate(spec: RunSpec, at: int, n_used: int) -> float:
    return spec.learning_rate * share_of_rate(spec, at, n_used)
