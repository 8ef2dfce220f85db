"""Step 1, the lab: pick data, backbone and cut, train beside a from-scratch baseline.

The learner answers: what does freezing change, and what did pretraining bring?
Reads the run from the address; writes the choices, and the run that was started.
"""

import time
from types import MappingProxyType

import streamlit as st

from pages.ui import forms, run_panel, services, state
from pages.ui.blocks import layer_map, meaning, parameter_metrics, picture_strip
from pages.ui.text import dataset_name, percent, seconds, sentence, t
from tl_core.datasets.catalog import DatasetInfo, dataset_info
from tl_core.datasets.keras_sets import is_available
from tl_core.engine.estimates import Estimate, Pending
from tl_core.errors import TransferLabError
from tl_core.experiments.plans import baseline_of, plan_run
from tl_core.models.catalog import BackboneInfo
from tl_core.models.weights import weights_address, weights_source
from tl_core.spec import RunSpec
from tl_core.store.home import data_home

DOUBLE_CLICK_S = 1.5
UNKNOWN = MappingProxyType({Pending.MEASURING: "…", Pending.WAITING: "…", Pending.FAILED: "–"})


def draw() -> None:
    st.title(t("lab.title"))
    st.markdown(t("lab.lead"))
    with st.container(key="lab"):
        choices, results = st.columns([2, 3], gap="medium")
    with choices:
        dataset = forms.choose_dataset()
        _draw_data(dataset)
        backbone = forms.choose_backbone()
        n_frozen = forms.choose_freeze(backbone)
        settings = forms.choose_settings(dataset, backbone, n_frozen)
        spec = _planned({"dataset": dataset.id, "backbone": backbone.id, "n_frozen": n_frozen, **settings})
        if spec is not None:
            _draw_train(spec, backbone)
    with results:
        if spec is not None:
            _draw_cut(spec, dataset, backbone)
        run_panel.draw()


def _planned(options: dict) -> RunSpec | None:
    """Returns the spec, or says in one sentence what does not fit together."""
    try:
        return plan_run(options)
    except TransferLabError as error:
        st.error(sentence(error))
        return None


def _draw_data(dataset: DatasetInfo) -> None:
    samples = services.sample_strip(dataset.id)
    if samples:
        picture_strip(samples)
    with st.popover(
        t(
            "lab.counts",
            n_classes=len(dataset.classes),
            n_train=dataset.n_train,
            n_validation=dataset.n_validation,
            n_test=dataset.n_test,
        ),
        type="tertiary",
        wrap=True,
        icon=":material/info:",
    ):
        st.markdown(t(f"dataset.{dataset.id}.about"))
        st.caption(t("lab.source", source=dataset.source, licence=dataset.licence))


def _draw_cut(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> None:
    head = backbone.head_params(spec.head, spec.hidden, spec.image_size, len(dataset.classes)) or 0
    layer_map(backbone, spec.n_frozen, head, key="lab-map")
    frozen = backbone.frozen_params(spec.n_frozen)
    _draw_numbers(spec, frozen, backbone.params - frozen + head)


def _draw_numbers(spec: RunSpec, frozen: int, trainable: int) -> None:
    """Draws counts and time; asks again each second until the time is known."""

    def numbers() -> None:
        estimate = services.engine().estimate(spec)
        is_known = isinstance(estimate, Estimate)
        time = seconds(estimate.epoch_s) if is_known else UNKNOWN[estimate]
        about = _about(estimate) if is_known else t(f"lab.{estimate.value}")
        parameter_metrics(frozen, trainable, time, about)
        st.caption(about)

    is_settled = services.engine().estimate(spec) not in (Pending.MEASURING, Pending.WAITING)
    st.fragment(numbers, run_every=None if is_settled else 1.0)()


def _about(estimate: Estimate) -> str:
    """Returns where an estimate comes from, and what comes before the first epoch."""
    kind = "run" if estimate.is_from_run else "bound" if estimate.is_bound else "quick"
    about = t(f"lab.measured_{kind}", epoch=seconds(estimate.epoch_s))
    if estimate.prefix_s:
        about += t("unit.stop") + t("lab.measured_prefix", prefix=seconds(estimate.prefix_s))
    return about


def _draw_train(spec: RunSpec, backbone: BackboneInfo) -> None:
    is_scratch = spec == baseline_of(spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_pressed = st.button(t("lab.train"), type="primary", icon=":material/play_arrow:", key="train")
        with_baseline = st.toggle(
            t("lab.baseline"), key=state.widget("baseline", True), help=meaning("baseline"), disabled=is_scratch
        )
    state.keep_widget("baseline")
    _draw_downloads(spec, backbone)
    if not is_pressed or _is_double(spec):
        return
    baseline = baseline_of(spec) if with_baseline and not is_scratch else None
    name = t(
        "lab.run_name",
        backbone=backbone.family,
        dataset=dataset_name(spec.dataset),
        share=percent(spec.n_frozen / backbone.n_blocks),
    )
    scratch_name = t("lab.baseline_name", backbone=backbone.family, dataset=dataset_name(spec.dataset))
    try:
        record = services.engine().submit(spec, name=name[:80], baseline=baseline, baseline_name=scratch_name[:80])
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.open_run(record.id)
    st.rerun()  # so that the sidebar, drawn before, knows of it


def _is_double(spec: RunSpec) -> bool:
    """Says whether the same run was asked for a moment ago: the second half of a double click."""
    before, now_s = state.kept("submitted"), time.monotonic()
    state.keep("submitted", (spec, now_s))
    return before is not None and before[0] == spec and now_s - before[1] < DOUBLE_CLICK_S


def _draw_downloads(spec: RunSpec, backbone: BackboneInfo) -> None:
    """Says before training what will be fetched from the internet, and what to do without."""
    if not is_available(spec.dataset, data_home()):
        _draw_download("data", dataset_info(spec.dataset).url or "")
    if spec.weights == "pretrained" and weights_source(backbone.id, data_home()) == "download":
        _draw_download("weights", weights_address(backbone.id), backbone=backbone.family)


def _draw_download(what: str, address: str, **values: str) -> None:
    if services.is_reachable(address):
        st.info(t(f"lab.{what}_download", **values), icon=":material/cloud_download:")
    else:
        st.warning(t(f"lab.{what}_offline", **values), icon=":material/cloud_off:")


draw()
