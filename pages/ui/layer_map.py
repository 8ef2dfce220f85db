"""The layer map: the strip of blocks with the cut. A click, or arrow keys and Enter, freezes a block or frees it."""

from collections.abc import Mapping
from types import MappingProxyType

from pages.ui.component import WEB, component
from pages.ui.text import t
from tl_core.charts.layer_map import COLOURS, LayerMapInfo, Segment, layer_map_info
from tl_core.models.catalog import BackboneInfo
from tl_core.spec import RunSpec

NOTHING: Mapping[int, str] = MappingProxyType({})
_MAP = component(
    "layer_map",
    html='<div class="tl-map"><div class="tl-cut"></div><div class="tl-blocks"></div><hr><ul></ul></div>',
    css=(WEB / "layer_map.css").read_text(encoding="utf-8"),
)


def layer_map(
    spec: RunSpec,
    backbone: BackboneInfo,
    head_params: int,
    key: str,
    *,
    is_open: bool = False,
    more: Mapping[int, str] = NOTHING,
) -> int | None:
    """Draws the strip of blocks with the cut, and what a head inside the network leaves out.

    Args:
        spec: What is frozen, and where the head stands.
        backbone: Its backbone.
        head_params: Numbers that the head holds.
        key: Names the map.
        is_open: Whether blocks can be pressed.
        more: Number of a block, from 1 → what else is said of it.

    Returns:
        The number of the block, from 1, that was pressed just now; None in every other run of the page.
    """
    blocks = [(block.name, block.n_layers, block.params) for block in backbone.blocks]
    info = layer_map_info(blocks, (t("map.head"), head_params), spec.n_frozen, spec.head_at, spec.further_frozen)
    n_frozen = spec.n_frozen + len(spec.further_frozen)
    label = t("map.label", backbone=backbone.family, n_frozen=n_frozen, n_blocks=backbone.n_blocks)
    data = {
        "segments": _segments(info, backbone.n_used(spec.head_at), more),
        "cut": info.cut,
        "cut_word": t("map.cut"),
        "colours": dict(COLOURS),
        "legend": [{"role": role, "word": t(f"map.{role}")} for role in _roles(info)],
        "label": f"{label}. {t('map.keys')}" if is_open else label,
        "is_open": is_open,
    }
    return _MAP(data=data, key=key, on_toggled_change=_nothing).toggled


def _segments(info: LayerMapInfo, n_used: int, more: Mapping[int, str]) -> list[dict]:
    """Returns the pieces of the strip; those before the head have the number of their block."""
    return [
        {
            "name": one.name,
            "role": one.role,
            "start": one.start,
            "width": one.width,
            "about": _about(one, more.get(number, "")),
            "number": number if number <= n_used else None,
        }
        for number, one in enumerate(info.segments, start=1)
    ]


def _about(segment: Segment, more: str) -> str:
    said = [f"{segment.name}{t('unit.colon')}{t(f'map.{segment.role}')}"]
    if segment.n_layers is not None:
        said.append(f"{segment.n_layers:,} {t('map.layers')}")
    return t("unit.comma").join([*said, f"{segment.params:,} {t('map.params')}", *([more] if more else [])])


def _roles(info: LayerMapInfo) -> list[str]:
    there = {segment.role for segment in info.segments}
    return [role for role in COLOURS if role in there]


def _nothing() -> None:
    """Has the page drawn again when a block is pressed, which is all that is needed."""
