"""The learning-rate finder: one step at each of many rates, the curve of the loss, and a rate to begin with."""

import math

import streamlit as st

from pages.ui import controls, pace, services, state
from pages.ui.live_chart import live_figure
from pages.ui.text import sentence, t, time_left
from tl_core.charts.rate_test import RateTestLabels, rate_test_figure, rate_test_info
from tl_core.engine.runs.rate_tests import RateTest, tested
from tl_core.errors import TransferLabError
from tl_core.planning.plan import is_head_only, usual_training
from tl_core.planning.rates import OFFERED_RATES
from tl_core.spec import RunSpec

POLL_S = 0.7
CURVE_PX = 220


def draw(spec: RunSpec) -> None:
    """Draws the finder below the rate of the last phase; nothing where no rate is to be chosen.

    Args:
        spec: The run as it is planned.
    """
    field = "head_learning_rate" if is_head_only(spec) else "learning_rate"
    if spec.is_fitted or controls.is_fixed(field):
        return
    test = _test_of(spec)
    if test is None:
        if st.button(t("lab.find_rate"), icon=":material/troubleshoot:", type="tertiary", help=t("lab.find_rate_help")):
            _begin(spec)
    elif not test.future.done():
        pace.draw_again("rate-test", _draw_waiting, POLL_S, test)
    else:
        _draw_result(spec, field, test)


def _test_of(spec: RunSpec) -> RateTest | None:
    """Returns this visit's test of these settings; one of others is waited for no more."""
    wanted, test = state.get("rate-test", (None, None))
    if test is None or wanted == tested(spec):
        return test
    _leave()
    return None


def _begin(spec: RunSpec) -> None:
    try:
        test = services.engine().rate_tests.find_rate(spec, by=state.visitor())
    except TransferLabError as error:
        st.error(sentence(error))
        return
    state.put("rate-test", (tested(spec), test))
    st.rerun()


def _leave() -> None:
    state.pop("rate-test")
    services.engine().rate_tests.leave_rate(by=state.visitor())


def _draw_waiting(test: RateTest) -> None:
    """Draws how far a test is, and a way to call it off; the page anew once it is there."""
    if test.future.done():
        st.rerun()
    said = t(f"phase.{test.phase or 'queued'}")
    if test.total:
        said = t("progress.counted", phase=said, done=f"{test.done:,}", total=f"{test.total:,}")
    left_s = services.engine().rate_tests.remaining_s(test)
    with st.container(horizontal=True, vertical_alignment="center"):
        share = test.done / test.total if test.total else 0.0
        st.progress(min(share, 1.0), text=" · ".join(filter(None, (said, time_left(left_s) if left_s else ""))))
        if st.button(t("insights.cancel"), key="cancel-rate-test", icon=":material/close:"):
            _leave()
            st.rerun()


def _draw_result(spec: RunSpec, field: str, test: RateTest) -> None:
    try:
        found = dict(test.future.result(0))
    except TransferLabError as error:
        _leave()
        st.error(sentence(error))
        return
    rises = found.pop("rises")
    info = rate_test_info(**found, chosen=spec.learning_rate)
    names = RateTestLabels(*(t(f"lab.rate_test_{name}") for name in ("rate", "loss", "careful", "bold", "chosen")))
    live_figure(
        rate_test_figure(info, names),
        key="rate-test",
        height=CURVE_PX,
        revision=str(found["rates"]),
        label=t("lab.rate_test_label", n=len(info.rates)),
    )
    if not info.proposed:
        st.caption(t("lab.rate_none") if rises is None else t("lab.rate_rises", rate=f"{rises:.1g}"))
        return
    st.caption(t("lab.rate_found", careful=f"{found['careful']:.1g}", bold=f"{found['bold']:.1g}", n=len(info.rates)))
    with st.container(horizontal=True):
        for name in ("careful", "bold"):
            _offer(spec, field, name, min(OFFERED_RATES, key=lambda rate: abs(math.log(rate / found[name]))))


def _offer(spec: RunSpec, field: str, name: str, rate: float) -> None:
    """Draws a button that sets the control to a rate."""
    said = t(f"lab.use_{name}", rate=f"{rate:g}")
    if st.button(said, key=f"use-rate-{name}", disabled=rate == spec.learning_rate):
        usual = usual_training(spec.optimizer, spec.backbone, is_pretrained=spec.is_pretrained)[field]
        state.set_widget(controls.NAMES[field].format(optimizer=spec.optimizer, rate=usual), rate)
        st.rerun()
