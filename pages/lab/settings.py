"""The further settings of the lab, folded away; each remembers its value across pages."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import streamlit as st

from pages.lab import rate_curve, start, ways
from pages.ui import controls, services
from pages.ui.blocks import view_strip
from pages.ui.controls import NAMES
from pages.ui.streamlit_internals import DeltaGenerator
from pages.ui.text import named, t
from pages.ui.words import meaning
from tl_core.datasets.catalog import DatasetInfo
from tl_core.models.catalog import BackboneInfo
from tl_core.planning.fit import offered_sizes
from tl_core.planning.plan import usual_training
from tl_core.planning.rates import OFFERED_RATES
from tl_core.spec import CHOICES, FITTED, RANGES, RunSpec

# settings that are numbers: the word that explains each, and the step of its buttons
NUMBERS = MappingProxyType(
    {
        "epochs": ("epoch", 1),
        "head_epochs": ("phase", 1),
        "batch_size": ("batch", 2),
        "momentum": ("optimizer", 0.05),
        "decay": ("schedule", 0.001),
        "decay_factor": ("schedule", 0.1),
        "decay_epochs": ("schedule", 1),
        "hidden": ("head", 16),
        "svm_c": ("svm", RunSpec.svm_c),
        "logistic_c": ("logistic", 0.1),
        "dropout": ("dropout", 0.1),
        "patience": ("patience", 1),
        "seed": ("seed", 1),
        "n_views": ("augment", 1),
    }
)
SCHEDULED = MappingProxyType({"inverse-time": ("decay",), "step": ("decay_factor", "decay_epochs")})
OF_FIT = MappingProxyType({"svm": "svm_c", "logistic": "logistic_c"})
BESIDE_FIT = ("class_weight", "epochs", "batch_size", "per_class", "image_size", "seed", "arithmetic")
MOMENTA = (0.9, 0.99, 0.999)
PER_CLASS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Places(NamedTuple):
    """Where to draw what is known only once all settings are chosen.

    Attributes:
        costs: Below the choice of augmentation, for what each choice costs.
        finder: Below the rates, for the learning-rate finder.
    """

    costs: DeltaGenerator
    finder: DeltaGenerator


def choose_settings(dataset: DatasetInfo, backbone: BackboneInfo, n_frozen: int) -> tuple[dict, Places]:
    """Draws the further settings, folded away, with defaults that work.

    Returns:
        Fields of `RunSpec`, and places for what follows from them.
    """
    with st.expander(t("lab.more"), icon=":material/tune:"):
        values: dict = start.choose_start(backbone) | {"head": _pick("head", "head")}
        values["head_at"] = _head_at(backbone)
        drawn = {"image_size": lambda: _image_size(backbone), "per_class": lambda: _per_class(dataset)}
        drawn |= {"optimizer": lambda: _pick("optimizer", "optimizer"), "batch_size": lambda: _batch_size(dataset)}
        drawn |= {"arithmetic": _arithmetic, "nesterov": lambda: _switch("nesterov", "optimizer", RunSpec.nesterov)}
        drawn |= {"class_weight": lambda: _pick("class_weight", "class_weight")}
        halves = _halves()
        is_fitted = values["head"] in FITTED
        if is_fitted:
            st.caption(t(f"lab.{values['head']}_about"))
        for field in (OF_FIT[values["head"]], *BESIDE_FIT) if is_fitted else _fields(values):
            with nullcontext() if controls.is_hidden(field) else next(halves):
                values[field] = drawn[field]() if field in drawn else _number(field)
        values |= {} if is_fitted else _augmentation(dataset)
        costs = st.container()
        if not is_fitted:
            is_head_only = n_frozen >= backbone.n_used(values["head_at"])
            values |= _training(values, backbone, is_head_only=is_head_only)
            rate_curve.draw(values, dataset, is_head_only=is_head_only)
        finder = st.container()
    return values | controls.without_control(), Places(costs, finder)


def _halves() -> Iterator[DeltaGenerator]:
    """Yields places for controls, two in each row."""
    while True:
        yield from st.columns(2, vertical_alignment="bottom")


def _fields(values: dict) -> Iterator[str]:
    """Yields the fields that stand in pairs; `values` tells what was chosen so far."""
    yield from ("epochs", "batch_size", "per_class", "image_size", "optimizer")
    if values["optimizer"] == "sgd":
        yield from ("momentum", "nesterov")
    if RunSpec(head=values["head"]).has_hidden_layer:
        yield "hidden"
    yield from ("dropout", "patience", "class_weight", "seed", "arithmetic")


def _augmentation(dataset: DatasetInfo) -> dict:
    """Draws whether and how pictures are changed, in plain words; returns the fields of `RunSpec` that say so."""
    ways = ("none", *CHOICES["views"], "classic")
    radio = partial(
        st.radio,
        t("field.augment"),
        ways,
        captions=[t(f"views.{way}_about") for way in ways],
        format_func=named(ways, lambda way: t(f"views.{way}")).__getitem__,
        help=meaning("augment"),
    )
    way = controls.choose("augment", radio, default="none")
    if way == "none":
        return {"augment": "none"}
    kind = "classic" if way == "classic" else "light"
    if views := services.augmented_strip(dataset.id, kind):
        view_strip(views)
    if kind == "classic":
        return {"augment": kind, "views": "fresh"}
    return {"augment": "light", "views": way, **({"n_views": _number("n_views")} if way == "fixed" else {})}


def _head_at(backbone: BackboneInfo) -> int | None:
    """Draws behind which block the head stands; 0 stands for the last."""
    blocks = {0: t("lab.head_at_end")} | {n: block.name for n, block in enumerate(backbone.blocks[:-1], start=1)}
    chosen = controls.choose(
        "head_at",
        partial(
            st.selectbox, t("field.head_at"), list(blocks), format_func=blocks.__getitem__, help=meaning("head_at")
        ),
        default=0,
        name=NAMES["head_at"].format(backbone=backbone.id),
        fit=lambda asked: asked if asked in blocks else 0,
    )
    return chosen or None


def _arithmetic() -> str:
    return "exact" if _switch("arithmetic", "arithmetic", False) else "fast"


def _image_size(backbone: BackboneInfo) -> int:
    sizes = offered_sizes(backbone)
    return controls.choose(
        "image_size",
        partial(
            st.selectbox, t("field.image_size"), sizes, format_func=lambda size: f"{size} px", help=meaning("size")
        ),
        default=backbone.image_size,
        name=NAMES["image_size"].format(backbone=backbone.id),
        fit=lambda asked: asked if asked in sizes else backbone.image_size,
    )


def _batch_size(dataset: DatasetInfo) -> int:
    """Draws the batch size; of few pictures, all of them are the largest batch, and a sentence says so."""
    chosen = int(_number("batch_size"))
    if chosen > dataset.n_train:
        st.caption(t("lab.batch_limited", n=dataset.n_train))
    return min(chosen, dataset.n_train)


def _per_class(dataset: DatasetInfo) -> int | None:
    """Draws how many training pictures of each class are used; 0 stands for all of them."""
    most = max(1, dataset.n_train // len(dataset.classes))
    choices = sorted({0, *(k for k in PER_CLASS if k < most), *controls.of_link("per_class")})
    box = partial(st.selectbox, t("field.per_class"), choices, help=meaning("split"))
    chosen = controls.choose(
        "per_class",
        partial(box, format_func=named(choices, lambda k: str(k or t("lab.all"))).__getitem__),
        default=0,
        name=NAMES["per_class"].format(dataset=dataset.id),
    )
    return chosen or None


def _training(values: dict, backbone: BackboneInfo, *, is_head_only: bool) -> dict:
    """Draws what is trained when, and at which rates; none of their values follows from the cut.

    What says nothing while only the head is trained is shown, but cannot be changed.
    """
    is_pretrained = values["weights"] == "pretrained" and values["n_pretrained"] is None
    usual = usual_training(values["optimizer"], backbone.id, is_pretrained=is_pretrained)
    began = controls.start_name(is_pretrained=is_pretrained)
    if not is_head_only and not any(map(controls.is_fixed, ways.FIELDS)):
        ways.draw(began)
    chosen: dict = {"phases": _phases(began, usual["phases"], is_disabled=is_head_only)}
    is_head_first = chosen["phases"] == 2 and not is_head_only
    halves = _halves()
    if is_head_first:
        with nullcontext() if controls.is_hidden("head_epochs") else next(halves):
            chosen["head_epochs"] = _number("head_epochs")
    for field, is_used in (("head_learning_rate", is_head_first or is_head_only), ("learning_rate", not is_head_only)):
        with nullcontext() if controls.is_hidden(field) else next(halves):
            chosen[field] = _rate(field, values, usual, is_disabled=not is_used)
    chosen |= ways.choose(halves, is_disabled=is_head_only)
    chosen |= _schedule(halves)
    if backbone.has_batchnorm:
        chosen |= _batchnorm(began, usual["batchnorm"], is_disabled=is_head_only, halves=halves)
    return chosen


def _phases(began: str, usual: int, *, is_disabled: bool) -> int:
    names = named((2, 1), lambda n: t(f"choice.phases.{n}"))
    control = partial(st.segmented_control, t("field.phases"), (2, 1), required=True, help=meaning("phase"))
    name = NAMES["phases"].format(start=began)
    control = partial(control, format_func=names.__getitem__)
    return controls.choose("phases", control, default=usual, name=name, is_disabled=is_disabled)


def _rate(field: str, values: dict, usual: dict, *, is_disabled: bool) -> float:
    """Draws one of the two learning rates; its starting value follows from optimiser and weights."""
    suggested = usual[field]
    rates = sorted({*OFFERED_RATES, suggested, *controls.of_link(field)})
    slider = partial(st.select_slider, t(f"field.{field}"), rates, help=meaning("rate"))
    rate = controls.choose(
        field,
        partial(slider, format_func=lambda value: f"{value:g}" + (" ★" if value == suggested else "")),
        default=suggested,
        name=NAMES[field].format(optimizer=values["optimizer"], rate=suggested),
        is_disabled=is_disabled,
    )
    return float(rate)


def _schedule(halves: Iterator[DeltaGenerator]) -> dict:
    """Draws how the rate of the last phase goes on from its start, and what that way needs."""
    with nullcontext() if controls.is_hidden("schedule") else next(halves):
        chosen: dict = {"schedule": _pick("schedule", "schedule")}
    for field in SCHEDULED.get(chosen["schedule"], ()):
        with nullcontext() if controls.is_hidden(field) else next(halves):
            chosen[field] = _number(field)
    return chosen


def _batchnorm(began: str, usual: str, *, is_disabled: bool, halves: Iterator[DeltaGenerator]) -> dict:
    """Draws what BatchNorm does in the blocks that are trained, and a word on what Keras calls it."""
    names = named(CHOICES["batchnorm"], lambda choice: t(f"choice.batchnorm.{choice}"))
    box = partial(st.selectbox, t("field.batchnorm"), CHOICES["batchnorm"], help=meaning("batchnorm"))
    name = NAMES["batchnorm"].format(start=began)
    chosen: dict = {}
    with nullcontext() if controls.is_hidden("batchnorm") else next(halves):
        box = partial(box, format_func=names.__getitem__)
        chosen["batchnorm"] = controls.choose("batchnorm", box, default=usual, name=name, is_disabled=is_disabled)
    if chosen["batchnorm"] != "frozen" and not is_disabled:
        with nullcontext() if controls.is_hidden("batchnorm_momentum") else next(halves):
            chosen["batchnorm_momentum"] = _batchnorm_momentum() or None
    with st.popover(t("lab.batchnorm_modes"), type="tertiary", icon=":material/help:"):
        st.markdown(t("lab.batchnorm_about"))
    return chosen


def _batchnorm_momentum() -> float:
    """Draws how slowly BatchNorm's statistics move; 0 stands for what the network brings."""
    choices = sorted({0.0, *MOMENTA, *controls.of_link("batchnorm_momentum")})
    names = named(choices, lambda value: f"{value:g}" if value else t("lab.own_momentum"))
    box = partial(st.selectbox, t("field.batchnorm_momentum"), choices, help=meaning("batchnorm"))
    return controls.choose("batchnorm_momentum", partial(box, format_func=names.__getitem__), default=0.0)


def _pick(field: str, term: str) -> str:
    box = partial(st.selectbox, t(f"field.{field}"), CHOICES[field], help=meaning(term))
    names = named(CHOICES[field], lambda choice: t(f"choice.{field}.{choice}"))
    return controls.choose(field, partial(box, format_func=names.__getitem__), default=getattr(RunSpec, field))


def _switch(field: str, term: str, default: bool) -> bool:
    return controls.choose(field, partial(st.toggle, t(f"field.{field}"), help=meaning(term)), default=default)


def _number(field: str) -> int | float:
    term, step = NUMBERS[field]
    form = "%g" if isinstance(step, float) else "%d"
    box = partial(st.number_input, t(f"field.{field}"), *RANGES[field], step=step, format=form, help=meaning(term))
    return controls.choose(field, box, default=getattr(RunSpec, field))
