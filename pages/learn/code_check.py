"""The check of pasted Keras code: it is read and never run, and what is wrong stands beside its line."""

from functools import partial
from types import MappingProxyType

import streamlit as st

from pages.ui import state
from pages.ui.persistent import persistent
from pages.ui.text import literal, sentence, t
from tl_core.errors import InputError
from tl_core.lessons.code_check.check import check
from tl_core.lessons.code_check.findings import Finding, Report
from tl_core.phrases import keys
from tl_core.planning.recipes import RECIPES

HEIGHT_PX = 320
NAME, CHECKED = "code-to-check", "code-checked"
ICONS = MappingProxyType(
    {"error": ":material/cancel:", "trap": ":material/visibility_off:", "old": ":material/history:"}
)
COLOURS = MappingProxyType({"error": "red", "trap": "orange", "old": "gray"})
# where a mistake can be tried: its codes, the page, and its words; `{choice}` is what the control is set to
TRIED = MappingProxyType(
    {
        "lab": ("never_frozen", "not_compiled_again", "misspelled", "trainable_compared", "trainable_alone"),
        "batchnorm": ("batchnorm_training",),
        "recipes": ("no_preprocessing", "unit_pixels"),
        "data": ("validation_is_test",),
    }
)
PAGES = MappingProxyType({"lab": "lab", "batchnorm": "lab", "recipes": "recipes", "data": "data"})


def draw() -> None:
    """Draws the text, and what was found in it the last time that it was checked."""
    st.header(t("code_check.title"), anchor=False)
    st.markdown(t("code_check.lead"))
    with st.container(key="code-check"):
        text = persistent(
            partial(st.text_area, t("code_check.paste"), height=HEIGHT_PX, placeholder=t("code_check.placeholder")),
            NAME,
            "",
        )
        with st.container(horizontal=True, key="code-check-buttons"):
            if st.button(t("code_check.check"), key="check-code", type="primary", icon=":material/fact_check:"):
                state.put(CHECKED, (text, _outcome(text)))
            if st.button(t("code_check.example"), key="code-example", type="tertiary", icon=":material/draft:"):
                _load_example()
        checked, outcome = state.get(CHECKED, (None, None))
        if checked == text and outcome is not None:
            _draw_outcome(outcome)


def _load_example() -> None:
    """Puts one of the published programs into the text and checks it; each press the next one."""
    ids = list(RECIPES)
    at = int(state.get("code-example-at", 1))
    program = RECIPES[ids[at % len(ids)]].published()
    state.put("code-example-at", at + 1)
    state.set_widget(NAME, program)
    state.put(CHECKED, (program, _outcome(program)))
    st.rerun()


def _outcome(text: str) -> Report | InputError:
    """Returns what the check says, or why it cannot."""
    try:
        return check(text)
    except InputError as error:
        return error


def _draw_outcome(report: Report | InputError) -> None:
    if isinstance(report, InputError):
        st.warning(sentence(report), icon=":material/edit_note:")
    elif not report.is_keras:
        st.info(t("code_check.no_keras"), icon=":material/search_off:")
    elif not report.findings:
        st.info(t("code_check.nothing", n=n_known()), icon=":material/search_check:")
    else:
        st.subheader(t("code_check.found", n=len(report.findings)), anchor=False)
        for at, finding in enumerate(report.findings):
            _draw_finding(report, finding, at)


def n_known() -> int:
    """Returns how many kinds of mistakes are looked for."""
    return len({key.split(".")[2] for key in keys("en") if key.startswith("code_check.finding.")})


def _draw_finding(report: Report, finding: Finding, at: int) -> None:
    """Draws one finding: its line, what it means, and what belongs there instead."""
    key = f"code_check.finding.{finding.code}"
    said = {name: literal(str(value)) for name, value in finding.values.items()}
    with st.container(border=True, key=f"code-finding-{at}"):
        badge = f":{COLOURS[finding.level]}-badge[{ICONS[finding.level]} {t(f'code_check.level_{finding.level}')}]"
        line = t("code_check.line", line=finding.line)
        st.markdown(f"{badge} **{line}** · **{t(f'{key}.title', **said)}**")
        st.code(report.line(finding.line), language="python")
        means = t(f"{key}.means", **said)
        if finding.others:
            lines = t("unit.comma").join(map(str, finding.others))
            means += t("unit.stop") + t("code_check.others", lines=lines)
        st.markdown(means)
        st.caption(t("code_check.mend"))
        st.code(t(f"{key}.mend", **finding.values), language="python")
        _draw_where(finding)


def _draw_where(finding: Finding) -> None:
    """Draws where on other pages the same can be tried, for what can be."""
    for place, codes in TRIED.items():
        if finding.code in codes:
            page = f"pages/{PAGES[place]}/page.py"
            words = t(f"code_check.try_{place}", choice=t("choice.batchnorm.updating"))
            st.caption(words)
            name = t(f"{PAGES[place]}.title")
            st.page_link(page, label=name, icon=":material/arrow_forward:", query_params={"lang": state.language()})
