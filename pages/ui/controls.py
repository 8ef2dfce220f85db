"""The controls of the lab: each free, or locked or hidden by the link that was opened, which fills them all."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

from pages.ui import state
from pages.ui.persistent import persistent
from tl_core.planning.lab_link import CONTROLS, LabLink
from tl_core.planning.plan import is_head_only, usual_training

# what controls are remembered by whose values would mean something else beside another choice
NAMES = MappingProxyType(
    {
        "n_frozen": "freeze-{backbone}",
        "frozen_blocks": "further-{backbone}",
        "head_at": "head_at-{backbone}",
        "n_pretrained": "n_pretrained-{backbone}",
        "image_size": "image_size-{backbone}",
        "per_class": "per_class-{dataset}",
        "phases": "phases-{start}",
        "head_learning_rate": "head-rate-{optimizer}",
        "learning_rate": "rate-{optimizer}-{rate}",
        "batchnorm": "batchnorm-{start}",
    }
)


def choose(
    field: str,
    draw: partial,
    *,
    default: object,
    name: str | None = None,
    fit: Callable[[Any], object] = lambda asked: asked,
    is_disabled: bool = False,
) -> Any:
    """Draws a control, unless the link hides it; what the link locks or hides has the lesson's value.

    Args:
        field: One of `tl_core.planning.lab_link.CONTROLS`.
        draw: The widget, as `persistent` takes it.
        default: What it starts with where no link says otherwise.
        name: What its value is remembered by; the field's name, where none is given.
        fit: Turns the lesson's value into one that the widget allows beside the visitor's other choices.
        is_disabled: Whether it cannot be changed for another reason.

    Returns:
        The chosen value.
    """
    name = name or field
    if not is_fixed(field):
        return persistent(partial(draw, disabled=is_disabled), name, default)
    value = fit(linked_value(state.get("lesson"), field))
    state.set_widget(name, value)
    if not is_hidden(field):
        persistent(partial(draw, disabled=True), name, default)
    return value  # whatever a browser says that does not mind what is disabled


def without_widget(field: str, name: str, default: Any) -> Any:
    """Returns a choice that no widget of its own shows, unless the link fixes it."""
    return linked_value(state.get("lesson"), field) if is_fixed(field) else state.get(name, default)


def linked_value(link: LabLink, field: str) -> Any:
    """Returns what a control shows of a link."""
    spec = link.spec
    if is_head_only(spec) and field in ("phases", "learning_rate"):  # say nothing of it; of a next run, what suits it
        return usual_training(spec.optimizer, spec.backbone, is_pretrained=spec.is_pretrained)[field]
    if field == "baseline":
        return link.with_baseline
    if field == "augment":
        return spec.views if spec.augment == "light" else spec.augment
    if field == "arithmetic":
        return spec.arithmetic == "exact"
    value = getattr(spec, field)
    return 0 if value is None else value


def of_link(field: str) -> set:
    """Returns the values of the link that was opened and of the run whose settings are used again, where there are.

    A control offers them beside the usual ones.
    """
    return {linked_value(one, field) for name in ("lesson", "used") if (one := state.get(name)) is not None}


def without_control() -> dict[str, object]:
    """Returns the fields that a link sets and no control shows."""
    link = state.get("lesson")
    return {} if link is None else {"use_cache": link.spec.use_cache}


def is_fixed(field: str) -> bool:
    """Says whether the link locks or hides a control; to the instructor, who makes the link, everything is open."""
    link = state.get("lesson")
    return link is not None and field in link.locked | link.hidden and not state.visitor().is_instructor


def is_hidden(field: str) -> bool:
    """Says whether the link hides a control from this visitor."""
    return is_fixed(field) and field in state.get("lesson").hidden


def fill(link: LabLink) -> None:
    """Gives all controls the values of a link, before they are drawn."""
    spec = link.spec
    rate = usual_training(spec.optimizer, spec.backbone, is_pretrained=spec.is_pretrained)["learning_rate"]
    values = {"rate": rate, "start": start_name(is_pretrained=spec.is_pretrained), **spec.to_dict()}
    for field in CONTROLS:
        state.set_widget(NAMES.get(field, field).format(**values), linked_value(link, field))


def start_name(*, is_pretrained: bool) -> str:
    """Returns by which start the controls of what is trained are remembered."""
    return "pretrained" if is_pretrained else "random"
