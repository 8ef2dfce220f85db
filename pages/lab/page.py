"""Step 1, the lab: pick data, backbone and cut, train beside a from-scratch baseline.

The learner answers: what does freezing change, and what did pretraining bring?
Reads the run from the address; writes the choices, and the run that was started.
"""

import time
from types import MappingProxyType

import streamlit as st

from pages.lab import expected, forms, pass_cost, rate_finder, run_panel, settings, timeline, traps
from pages.ui import actions, controls, links, pace, run_names, services, state
from pages.ui.blocks import parameter_line, picture_strip
from pages.ui.layer_map import layer_map
from pages.ui.setting_words import setting
from pages.ui.text import seconds, sentence, t
from tl_core.datasets.catalog import DatasetInfo
from tl_core.datasets.known import is_here, known_dataset
from tl_core.disk.home import data_home
from tl_core.engine.runs.estimates import Estimate, Pending
from tl_core.errors import TransferLabError
from tl_core.fields import apart, joined
from tl_core.models.catalog import BackboneInfo
from tl_core.models.weights import weights_address, weights_source
from tl_core.planning.plan import baseline_of, decisive, is_head_only, n_training_images, plan_run
from tl_core.planning.rates import rate_at, steps_per_epoch
from tl_core.spec import CHOICES, RunSpec
from tl_core.training.views import prefix_passes

DOUBLE_CLICK_S = 1.5
MEASURING_S, WAITING_S = 1.0, 4.7  # between two questions for what a run will cost
UNKNOWN = MappingProxyType({Pending.MEASURING: "…", Pending.WAITING: "…", Pending.FAILED: "–"})


def draw() -> None:
    st.title(t("lab.title"))
    st.markdown(t("lab.lead"))
    with st.container(key="lab"):
        choices, results = st.columns([2, 3], gap="medium")
    with choices:
        links.draw_notices()
        dataset = forms.choose_dataset()
        _draw_data(dataset)
        backbone = forms.choose_backbone()
        n_frozen, words = forms.choose_freeze(backbone), st.container()
        further = forms.choose_further(backbone, n_frozen)
        options, places = settings.choose_settings(dataset, backbone, n_frozen)
        n_used = backbone.n_used(options["head_at"])
        n_frozen, further = min(n_frozen, n_used), joined(number for number in apart(further) if number <= n_used)
        with words:
            forms.draw_freeze_words(backbone, n_frozen, options["head_at"], further)
        frozen = {"n_frozen": n_frozen, "frozen_blocks": further}
        spec = _plan({"dataset": dataset.id, "backbone": backbone.id, **frozen, **options})
        if spec is not None:
            pace_s = _pace_s(spec)  # before anything that it decides is drawn
            with places.costs:
                _draw_costs(spec, dataset)
            with places.finder:
                rate_finder.draw(spec)
            _draw_train(spec, dataset, backbone)
    with results:
        if spec is not None:
            _draw_cut(spec, dataset, backbone, pace_s)
        run_panel.draw()


def _plan(options: dict) -> RunSpec | None:
    """Returns the spec, or says in one sentence what does not fit together."""
    try:
        return plan_run(options, data_home())
    except TransferLabError as error:
        st.error(sentence(error))
        return None


def _what_is_trained(spec: RunSpec, n_steps: int) -> str:
    """Returns what is trained when, for how long, and at which rate; `n_steps` are those of an epoch."""
    kind = spec.head if spec.is_fitted else "head" if is_head_only(spec) else "two" if spec.phases == 2 else "one"
    words = t(
        f"lab.trained_{kind}",
        head_epochs=spec.head_epochs,
        head_learning_rate=f"{spec.head_learning_rate:g}",
        epochs=spec.epochs,
        learning_rate=f"{spec.learning_rate:g}",
        svm_c=f"{spec.svm_c:g}",
        logistic_c=f"{spec.logistic_c:g}",
    )
    if spec.unfreeze_every:
        return words + t("unit.stop") + t("lab.unfreezing", every=spec.unfreeze_every)
    if spec.schedule == "constant" or spec.is_fitted:
        return words
    last = rate_at(spec, n_steps * spec.epochs - 1, n_steps)
    return words + t("unit.stop") + t("lab.scheduled", n=n_steps * spec.epochs, last=f"{last:.2g}")


def _draw_data(dataset: DatasetInfo) -> None:
    try:
        samples = services.sample_strip(dataset.id)
    except TransferLabError as error:
        st.error(sentence(error))
        return
    if samples:
        picture_strip(samples, is_own=dataset.origin == "own")
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
        if dataset.origin == "own":
            st.markdown(t("data.own_about"))
        else:
            st.markdown(t(f"dataset.{dataset.id}.about"))
            st.caption(t("lab.source", source=dataset.source, licence=dataset.licence))
        st.page_link("pages/data/page.py", label=t("data.look"), icon=":material/photo_library:")


def _draw_cut(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo, pace_s: float | None) -> None:
    n_classes = len(dataset.classes)
    head = backbone.head_params(spec.head, spec.hidden, spec.image_size, n_classes, spec.head_at) or 0
    is_open = not (controls.is_fixed("n_frozen") or controls.is_fixed("frozen_blocks"))
    rates = timeline.block_rates(spec, backbone)
    pressed = layer_map(spec, backbone, head, "lab-map", is_open=is_open, more=rates)
    if pressed is not None and is_open and 1 <= pressed <= backbone.n_used(spec.head_at):
        forms.press_block(backbone, spec, pressed)
    if is_open:
        st.caption(t("map.press"))
    timeline.draw(spec, backbone)
    frozen = backbone.frozen_params(spec.n_frozen, spec.further_frozen)
    _draw_numbers(spec, backbone, (frozen, backbone.used_params(spec.head_at) - frozen + head), pace_s)


def _draw_numbers(spec: RunSpec, backbone: BackboneInfo, counts: tuple[int, int], pace_s: float | None) -> None:
    """Draws counts and time; asks again until the time of an epoch and that of a pass for augmentation are known."""

    def numbers() -> None:
        estimate = services.engine().requests.estimate(spec)
        is_known = isinstance(estimate, Estimate)
        time = seconds(estimate.epoch_s) if is_known else UNKNOWN[estimate]
        about = _about(spec, estimate) if is_known else t(f"lab.{estimate.value}")
        parameter_line(*counts, time, about)
        if is_known:
            pass_cost.draw(spec, backbone, estimate)
        if _pace_s(spec) != pace_s:
            st.rerun()  # begins, slows or ends the asking, and draws what augmentation costs

    pace.draw_again("numbers", numbers, pace_s)


def _pace_s(spec: RunSpec) -> float | None:
    """Returns after how many seconds it is worth asking again what a run costs; None: all is known or never will be."""
    answers = {services.engine().requests.estimate(one) for one in (spec, _plain(spec))}
    return MEASURING_S if Pending.MEASURING in answers else WAITING_S if Pending.WAITING in answers else None


def _plain(spec: RunSpec) -> RunSpec:
    """Returns the same run without augmentation: its features are computed in one pass."""
    return spec.with_changes(augment="none", views=RunSpec.views, n_views=RunSpec.n_views, use_cache=True)


def _about(spec: RunSpec, estimate: Estimate) -> str:
    """Returns where an estimate comes from, and what comes before the first epoch."""
    if spec.is_fitted:
        return t(
            "lab.measured_no_fit" if estimate.epoch_s is None else "lab.measured_fit", fit=seconds(estimate.epoch_s)
        )
    kind = "run" if estimate.is_from_run else "bound" if estimate.is_bound else "quick"
    about = t(f"lab.measured_{kind}", epoch=seconds(estimate.epoch_s))
    if estimate.prefix_s:
        about += t("unit.stop") + t("lab.measured_prefix", prefix=seconds(estimate.prefix_s))
    return about


def _draw_costs(spec: RunSpec, dataset: DatasetInfo) -> None:
    """Draws what each way of augmentation costs, from the measured time of one pass of the frozen prefix."""
    if spec.is_fitted:
        return
    estimate = services.engine().requests.estimate(_plain(spec))
    if spec.n_frozen == 0:
        st.caption(t("views.free"))
    elif not isinstance(estimate, Estimate):
        st.caption(t(f"views.{estimate.value}"))
    elif estimate.prefix_s:
        st.caption(t("views.costs", epochs=spec.all_epochs, costs=_costs(spec, dataset, estimate.prefix_s)))


def _costs(spec: RunSpec, dataset: DatasetInfo, prefix_s: float) -> str:
    """Returns what each way costs beyond the one pass that training without augmentation needs."""
    n_train = n_training_images(spec, dataset)
    pass_s = prefix_s * n_train / (n_train + dataset.n_validation + dataset.n_test)
    costs = []
    for views in CHOICES["views"]:
        n_extra = prefix_passes(spec.with_changes(augment="light", views=views, use_cache=True)) - 1
        time = f"+ {seconds(n_extra * pass_s)}" if n_extra else t("views.no_cost")
        costs.append(t("views.cost", name=t(f"choice.views.{views}"), time=time))
    return t("unit.comma").join(costs)


def _draw_train(spec: RunSpec, dataset: DatasetInfo, backbone: BackboneInfo) -> None:
    is_scratch = spec == baseline_of(spec)
    traps.draw(spec, dataset)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_pressed = st.button(t("lab.train"), type="primary", icon=":material/play_arrow:", key="train")
        with_baseline = forms.choose_baseline(spec, is_scratch=is_scratch)
    st.caption(_what_is_trained(spec, steps_per_epoch(n_training_images(spec, dataset), spec.batch_size)))
    _draw_differences(spec)
    with st.container(horizontal=True, key="behind"):
        expected.draw(spec.dataset, backbone)
        links.draw_link(spec)
    _draw_downloads(spec, backbone)
    _draw_recorded(spec, baseline_of(spec) if with_baseline else None)
    if not is_pressed or _is_double(spec):
        return
    baseline = baseline_of(spec) if with_baseline and not is_scratch else None
    actions.submit(spec, run_names.automatic(spec, "run"), baseline, run_names.automatic(spec, "baseline"))


def _draw_differences(spec: RunSpec) -> None:
    """Draws in what a new run would differ from the one that is shown, of what decides something in both."""
    shown = run_panel.shown_spec()
    if shown is None:
        return
    before, now = decisive(shown), decisive(spec)
    changes = [
        t(
            "lab.change",
            name=t(f"field.{name}"),
            before=setting(name, value),
            now=setting(name, now[name]),
        )
        for name, value in before.items()
        if name != "threads" and name in now and now[name] != value
    ]
    st.caption(t("lab.differs", changes=t("unit.comma").join(changes)) if changes else t("lab.same"))


def _is_double(spec: RunSpec) -> bool:
    """Says whether the same run was asked for a moment ago: the second half of a double click."""
    before, now_s = state.get("submitted"), time.monotonic()
    state.put("submitted", (spec, now_s))
    return before is not None and before[0] == spec and now_s - before[1] < DOUBLE_CLICK_S


def _draw_recorded(spec: RunSpec, baseline: RunSpec | None) -> None:
    """Says before training what need not be trained again."""
    if services.engine().runs.is_known(spec):
        st.caption(t("lab.already"))
    elif baseline is not None and services.engine().runs.is_known(baseline):
        st.caption(t("lab.already_baseline"))


def _draw_downloads(spec: RunSpec, backbone: BackboneInfo) -> None:
    """Says before training what will be fetched from the internet, and what to do without."""
    if not is_here(spec.dataset, data_home()):
        _draw_download("data", known_dataset(spec.dataset, data_home()).url or "")
    if spec.weights != "random" and weights_source(backbone.id, data_home()) == "download":
        _draw_download("weights", weights_address(backbone.id), backbone=backbone.family)


def _draw_download(what: str, address: str, **values: str) -> None:
    if services.is_reachable(address):
        st.info(t(f"lab.{what}_download", **values), icon=":material/cloud_download:")
    else:
        st.warning(t(f"lab.{what}_offline", **values), icon=":material/cloud_off:")


draw()
