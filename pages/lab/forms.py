"""The first choices of the lab; each remembers its value across pages."""

from contextlib import suppress
from functools import partial

import streamlit as st

from pages.ui import controls, services, state
from pages.ui.text import count, dataset_name, named, t
from pages.ui.words import meaning
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.known import is_here, known_dataset
from tl_core.datasets.own.album import is_own
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.fields import apart, joined
from tl_core.models.catalog import BackboneInfo, backbones
from tl_core.models.weights import weights_source
from tl_core.planning.expectations import SCRATCH, SCRATCH_RATES_TRIED, measured
from tl_core.planning.plan import is_ready, prefix_and_further, scratch_rate
from tl_core.spec import RunSpec


def choose_dataset() -> DatasetInfo:
    """Draws the choice of the data."""
    home = data_home()

    def label(dataset_id: str) -> str:
        return dataset_name(dataset_id) + ("" if is_here(dataset_id, home) else f" · {t('lab.needs_download')}")

    choices = [*DATASETS, *filter(_can_be_trained_on, _own_choices())]
    box = partial(st.selectbox, t("lab.data"), choices, help=meaning("split"))
    chosen = controls.choose(
        "dataset",
        partial(box, format_func=named(choices, label).__getitem__),
        default=RunSpec.dataset,
        fit=lambda asked: asked if asked in choices else RunSpec.dataset,
    )
    return known_dataset(chosen, home)


def _can_be_trained_on(dataset_id: str) -> bool:
    """Says whether a data set of somebody's own is whole, and has all that a training needs."""
    with suppress(TransferLabError):
        return is_ready(known_dataset(dataset_id, data_home()))
    return False


def _own_choices() -> list[str]:
    """Returns the visitors' own data sets and of the class, and one that a link led to."""
    ids = [record.id for record in services.own_datasets()]
    linked = str(state.get("dataset", ""))
    record = services.own_record(linked) if is_own(linked) and linked not in ids else None
    return ids + ([record.id] if record is not None and record.id not in ids else [])


def choose_backbone() -> BackboneInfo:
    """Draws the choice of the backbone with its size and where its weights are."""
    home = data_home()

    def label(backbone_id: str) -> str:
        info = backbones()[backbone_id]
        return f"{info.family} · {count(info.params)} · {t('weights.' + weights_source(backbone_id, home))}"

    box = partial(st.selectbox, t("lab.backbone"), list(backbones()), help=meaning("backbone"))
    chosen = controls.choose(
        "backbone", partial(box, format_func=named(backbones(), label).__getitem__), default=RunSpec.backbone
    )
    return backbones()[chosen]


def choose_freeze(backbone: BackboneInfo) -> int:
    """Draws the freeze slider: how many blocks, from the input, are frozen."""
    return controls.choose(
        "n_frozen",
        partial(st.slider, t("lab.freeze"), 0, backbone.n_blocks, help=meaning("cut")),
        default=backbone.n_blocks,
        name=controls.NAMES["n_frozen"].format(backbone=backbone.id),  # another slider for another range
        fit=lambda asked: min(asked, backbone.n_blocks),
    )


def choose_further(backbone: BackboneInfo, n_frozen: int) -> str:
    """Returns which blocks are frozen behind the cut: those that were pressed in the layer map.

    Where the slider comes to touch them they belong to the prefix, and the slider takes them along.
    """
    names = [controls.NAMES[field].format(backbone=backbone.id) for field in ("n_frozen", "frozen_blocks")]
    asked = controls.without_widget("frozen_blocks", names[1], "")
    _, fitting = prefix_and_further(0, joined(number for number in apart(asked) if number <= backbone.n_blocks))
    length, further = prefix_and_further(n_frozen, fitting)
    if controls.is_fixed("n_frozen") or controls.is_fixed("frozen_blocks"):
        return fitting  # the plan takes them together
    state.put(names[1], further)
    if length != n_frozen:
        state.set_widget(names[0], length)
        st.rerun()
    return further


def press_block(backbone: BackboneInfo, spec: RunSpec, number: int) -> None:
    """Freezes a block, or lets it be trained if it is frozen; slider and map follow."""
    frozen = {*range(1, spec.n_frozen + 1), *spec.further_frozen} ^ {number}
    n_frozen, further = prefix_and_further(0, joined(frozen))
    state.set_widget(controls.NAMES["n_frozen"].format(backbone=backbone.id), n_frozen)
    state.put(controls.NAMES["frozen_blocks"].format(backbone=backbone.id), further)
    st.rerun()


def draw_freeze_words(backbone: BackboneInfo, n_frozen: int, head_at: int | None, further: str) -> None:
    """Draws what is trained at a cut, what is frozen behind it, and what a head inside the network leaves out."""
    n_used = backbone.n_used(head_at)
    if n_frozen == 0:
        words = t("lab.freeze_none")
    elif n_frozen == n_used:
        words = t("lab.freeze_all")
    else:
        last = backbone.blocks[n_frozen - 1].name
        words = t("lab.freeze_some", block=last, n=n_used - n_frozen, n_blocks=n_used)
    if further:
        blocks = t("unit.comma").join(backbone.blocks[number - 1].name for number in sorted(apart(further)))
        words = t("lab.freeze_further", n_frozen=n_frozen, blocks=blocks)
    if n_used < backbone.n_blocks:
        last = backbone.blocks[n_used - 1].name
        words += t("unit.stop") + t("lab.head_inside", block=last, n=backbone.n_blocks - n_used)
    st.caption(words)


def choose_baseline(spec: RunSpec, *, is_scratch: bool) -> bool:
    """Draws whether the baseline is trained as well; a run from scratch is its own."""
    about = meaning("baseline")
    if spec.optimizer == "adam" and measured(next(iter(SCRATCH)), RunSpec.dataset, spec.backbone):
        rates = t("unit.comma").join(f"{rate:g}" for rate in SCRATCH_RATES_TRIED)
        about += t("unit.stop") + t("lab.baseline_rate", rate=f"{scratch_rate(spec.backbone, 'adam'):g}", rates=rates)
        about += t("unit.stop") + t("lab.baseline_momentum") if backbones()[spec.backbone].has_batchnorm else ""
    toggle = partial(st.toggle, t("lab.baseline"), help=about)
    return controls.choose("baseline", toggle, default=True, is_disabled=is_scratch)
