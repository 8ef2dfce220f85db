"""The program that trains a run's network without this app, to read, copy and download; and the network's layers."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import bundles, services, state
from pages.ui.text import sentence, t
from tl_core.errors import InputError, UnknownIdError
from tl_core.export.program.facts import Facts
from tl_core.export.script import script_text
from tl_core.export.summary import summary_text
from tl_core.models.layer_table import layer_table
from tl_core.store.records import RunRecord

HEIGHT_PX = 480
KINDS = ("script", "notebook")


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the code of a run or of its baseline, folded away; nothing for networks that were trained elsewhere.

    Where a run starts in a way that no program has, or has a fault that none should have, a sentence says so.
    """
    known = {record.role: facts for record in records if (facts := _facts(record)) is not None}
    if not known:
        return
    with st.expander(t("code.section"), icon=":material/code:"):
        st.caption(t("code.about"))
        facts = _chosen(known)
        code, layers = st.tabs([t("code.script"), t("code.layers")])
        code.code(script_text(facts), language="python", height=HEIGHT_PX)
        layers.code(_summary(facts), language=None, height=HEIGHT_PX)
        _draw_downloads(facts)


def _facts(record: RunRecord) -> Facts | None:
    try:
        return services.engine().programs.facts(record.id, by=state.visitor(), language=state.language())
    except (InputError, UnknownIdError) as error:
        if error.code in ("code_start", "code_fault"):
            st.caption(sentence(error))
        return None


def _chosen(known: dict[str, Facts]) -> Facts:
    """Asks whether the run or its baseline is meant, where there are both."""
    if len(known) == 1:
        return next(iter(known.values()))
    names = {role: t(f"panel.{role}") for role in known}
    role = st.segmented_control(
        t("code.of"),
        list(known),
        default=next(iter(known)),
        format_func=names.__getitem__,
        required=True,
        key="code-of",
    )
    return known[role or next(iter(known))]


def _summary(facts: Facts) -> str:
    return summary_text(layer_table(facts.spec, len(facts.data.classes)), facts.language)


def _draw_downloads(facts: Facts) -> None:
    """Draws a button for script and notebook; whether the visitor may have them is asked when one is pressed."""
    engine, by, language, record = services.engine(), state.visitor(), state.language(), facts.record
    if not engine.programs.has_data(facts.spec.dataset):
        st.caption(t("code.no_files"))
        return
    stem = bundles.file_name(record).removesuffix(bundles.ENDING)
    with st.container(horizontal=True, key="code-files"):
        for kind in KINDS:
            st.download_button(
                t(f"code.get_{kind}"),
                lambda kind=kind: engine.programs.package(record.id, kind, by=by, language=language),
                file_name=f"{stem}-{kind}.zip",
                mime="application/zip",
                icon=":material/download:",
                help=t("code.get_help"),
                on_click="ignore",
                key=f"code-{kind}-{record.id}",
            )
    if not facts.has_pictures:
        st.caption(facts.say("needs_pictures"))
