"""What a run will take on this machine, said before the click that begins it."""

from collections.abc import Iterable

import streamlit as st

from pages.ui import pace, services
from pages.ui.text import seconds, t
from tl_core.engine.runs.estimates import Estimate, Pending
from tl_core.spec import RunSpec

NAME = "run-costs"
MEASURING_S, WAITING_S = 1.0, 4.7  # between two questions for what runs cost

Answer = Estimate | Pending


def draw(spec: RunSpec) -> Answer:
    """Draws what a run takes, as far as it is measured, and returns that."""
    answer = services.engine().requests.estimate(spec)
    st.caption(_told(spec, answer), help=t("recipes.costs_about"))
    return answer


def _told(spec: RunSpec, answer: Answer) -> str:
    if isinstance(answer, Pending):
        return t("recipes.costs_measuring" if answer is Pending.MEASURING else "recipes.costs_unknown")
    whole_s = answer.run_s(spec)
    if whole_s is None:
        return t("recipes.costs_fit", time=seconds(answer.prefix_s))
    return t("recipes.costs_bound" if answer.is_bound else "recipes.costs_quick", time=seconds(whole_s))


def keep_asking(drawn: dict[RunSpec, Answer]) -> None:
    """Asks again while something is being measured or waits for it, and draws the page anew when more is known."""

    def ask() -> None:
        if _asked(drawn) != drawn:
            st.rerun()

    if any(isinstance(answer, Pending) for answer in drawn.values()):
        pace.draw_again(NAME, ask, _pace_s(drawn.values()))


def _asked(specs: Iterable[RunSpec]) -> dict[RunSpec, Answer]:
    return {spec: services.engine().requests.estimate(spec) for spec in specs}


def _pace_s(answers: Iterable[Answer]) -> float | None:
    """Returns after how many seconds it is worth asking again; None: what is not known never will be."""
    known = set(answers)
    return MEASURING_S if Pending.MEASURING in known else WAITING_S if Pending.WAITING in known else None
