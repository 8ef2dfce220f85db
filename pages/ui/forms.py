"""The controls that make up a run's spec; each remembers its value across pages."""

from collections.abc import Iterator
from types import MappingProxyType

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import state
from pages.ui.blocks import meaning
from pages.ui.text import count, dataset_name, named, t
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.keras_sets import is_available
from tl_core.experiments.plans import suggested_rate
from tl_core.models.catalog import IMAGE_SIZES, BackboneInfo, backbones
from tl_core.models.weights import weights_source
from tl_core.spec import CHOICES, RunSpec
from tl_core.store.home import data_home

# settings that are numbers: the word that explains each, its least and greatest value, and the step of its buttons
NUMBERS = MappingProxyType(
    {
        "epochs": ("epoch", 1, 100, 1),
        "batch_size": ("batch", 2, 256, 2),
        "momentum": ("optimizer", 0.0, 0.99, 0.05),
        "hidden": ("head", 16, 4096, 16),
        "dropout": ("dropout", 0.0, 0.9, 0.1),
        "patience": ("patience", 0, 50, 1),
        "seed": ("seed", 0, 2**31 - 1, 1),
    }
)


def choose_dataset() -> DatasetInfo:
    """Draws the choice of the data."""
    home = data_home()

    def label(dataset_id: str) -> str:
        return dataset_name(dataset_id) + ("" if is_available(dataset_id, home) else f" · {t('lab.needs_download')}")

    chosen = st.selectbox(
        t("lab.data"),
        list(DATASETS),
        key=state.widget("dataset", RunSpec.dataset),
        format_func=named(DATASETS, label).__getitem__,
        help=meaning("split"),
    )
    state.keep_widget("dataset")
    return DATASETS[chosen]


def choose_backbone() -> BackboneInfo:
    """Draws the choice of the backbone with its size and where its weights are."""
    home = data_home()

    def label(backbone_id: str) -> str:
        info = backbones()[backbone_id]
        return f"{info.family} · {count(info.params)} · {t('weights.' + weights_source(backbone_id, home))}"

    chosen = st.selectbox(
        t("lab.backbone"),
        list(backbones()),
        key=state.widget("backbone", RunSpec.backbone),
        format_func=named(backbones(), label).__getitem__,
        help=meaning("backbone"),
    )
    state.keep_widget("backbone")
    return backbones()[chosen]


def choose_freeze(backbone: BackboneInfo) -> int:
    """Draws the freeze slider: how many blocks, from the input, are frozen."""
    name = f"freeze-{backbone.id}"  # a slider is another widget when its range changes
    n_frozen = st.slider(
        t("lab.freeze"), 0, backbone.n_blocks, key=state.widget(name, backbone.n_blocks), help=meaning("cut")
    )
    state.keep_widget(name)
    if n_frozen == 0:
        st.caption(t("lab.freeze_none"))
    elif n_frozen == backbone.n_blocks:
        st.caption(t("lab.freeze_all"))
    else:
        n_blocks, last = backbone.n_blocks, backbone.blocks[n_frozen - 1].name
        st.caption(t("lab.freeze_some", block=last, n=n_blocks - n_frozen, n_blocks=n_blocks))
    return n_frozen


def choose_settings(dataset: DatasetInfo, backbone: BackboneInfo, n_frozen: int) -> tuple[dict, DeltaGenerator]:
    """Draws the further settings, folded away, with defaults that work.

    Returns:
        Fields of `RunSpec`; and the place, below the choice of augmentation, for what each choice costs.
    """
    with st.expander(t("lab.more"), icon=":material/tune:"):
        values = {"weights": _pick("weights", "pretrained"), "head": _pick("head", "head")}
        drawn = {"image_size": lambda: _image_size(backbone), "per_class": lambda: _per_class(dataset)}
        drawn |= {"optimizer": lambda: _pick("optimizer", "optimizer"), "arithmetic": _arithmetic}
        drawn |= {"nesterov": _nesterov}
        for place, field in enumerate(_fields(values)):
            if place % 2 == 0:
                pair = st.columns(2, vertical_alignment="bottom")
            with pair[place % 2]:
                values[field] = drawn[field]() if field in drawn else _number(field, *NUMBERS[field])
        values |= _augmentation()
        costs = st.container()
        values["learning_rate"] = _learning_rate(values, backbone, n_frozen)
    return values, costs


def _fields(values: dict) -> Iterator[str]:
    """Yields the fields that stand in pairs; `values` tells what was chosen so far."""
    yield from ("epochs", "batch_size", "per_class", "image_size", "optimizer")
    if values["optimizer"] == "sgd":
        yield from ("momentum", "nesterov")
    if values["head"] != "linear":
        yield "hidden"
    yield from ("dropout", "patience", "seed", "arithmetic")


def _augmentation() -> dict:
    """Draws whether and how pictures are changed, in plain words; returns the fields of `RunSpec` that say so."""
    ways = ("none", *CHOICES["views"])
    way = st.radio(
        t("field.augment"),
        ways,
        captions=[t(f"views.{way}_about") for way in ways],
        key=state.widget("augmentation", "none"),
        format_func=named(ways, lambda way: t(f"views.{way}")).__getitem__,
        help=meaning("augment"),
    )
    state.keep_widget("augmentation")
    if way == "none":
        return {"augment": "none"}
    n_views = {"n_views": _number("n_views", "augment", 2, 20, 1)} if way == "fixed" else {}
    return {"augment": "light", "views": way, **n_views}


def _arithmetic() -> str:
    is_exact = st.toggle(t("field.arithmetic"), key=state.widget("exact", False), help=meaning("arithmetic"))
    state.keep_widget("exact")
    return "exact" if is_exact else "fast"


def _image_size(backbone: BackboneInfo) -> int:
    name = f"image_size-{backbone.id}"
    size = st.selectbox(
        t("field.image_size"),
        [size for size in IMAGE_SIZES if size >= backbone.min_image_size],
        key=state.widget(name, backbone.image_size),
        format_func=lambda size: f"{size} px",
        help=meaning("size"),
    )
    state.keep_widget(name)
    return size


def _per_class(dataset: DatasetInfo) -> int | None:
    """Draws how many training pictures of each class are used; 0 stands for all of them."""
    most = max(1, dataset.n_train // len(dataset.classes))
    choices = [0, *(k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500) if k < most)]
    name = f"per_class-{dataset.id}"
    chosen = st.selectbox(
        t("field.per_class"),
        choices,
        key=state.widget(name, 0),
        help=meaning("split"),
        format_func=named(choices, lambda k: str(k or t("lab.all"))).__getitem__,
    )
    state.keep_widget(name)
    return chosen or None


def _nesterov() -> bool:
    is_on = st.toggle(t("field.nesterov"), key=state.widget("nesterov", False), help=meaning("optimizer"))
    state.keep_widget("nesterov")
    return is_on


def _learning_rate(values: dict, backbone: BackboneInfo, n_frozen: int) -> float:
    """Draws the learning rate; its starting value follows from optimiser, weights and freezing."""
    suggested = suggested_rate(values["optimizer"], values["weights"], n_frozen, backbone.n_blocks)
    name = f"rate-{values['optimizer']}-{suggested}"
    rates = sorted({float(f"{base}e-{power}") for power in range(1, 7) for base in (1, 2, 5)} | {suggested})
    rate = st.select_slider(
        t("field.learning_rate"),
        rates,
        key=state.widget(name, suggested),
        help=meaning("rate"),
        format_func=lambda value: f"{value:g}" + (" ★" if value == suggested else ""),
    )
    state.keep_widget(name)
    return float(rate)


def _pick(field: str, term: str) -> str:
    chosen = st.selectbox(
        t(f"field.{field}"),
        CHOICES[field],
        key=state.widget(field, getattr(RunSpec, field)),
        format_func=named(CHOICES[field], lambda choice: t(f"choice.{field}.{choice}")).__getitem__,
        help=meaning(term),
    )
    state.keep_widget(field)
    return chosen


def _number(field: str, term: str, low: float, high: float, step: float):
    number = st.number_input(
        t(f"field.{field}"), low, high, key=state.widget(field, getattr(RunSpec, field)), step=step, help=meaning(term)
    )
    state.keep_widget(field)
    return number
