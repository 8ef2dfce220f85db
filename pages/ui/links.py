"""Lesson links: settings that come with the address, and the address of the present settings."""

from dataclasses import replace
from functools import partial

import streamlit as st

from pages.ui import controls, services, state
from pages.ui.persistent import persistent
from pages.ui.text import literal, named, t
from tl_core.datasets.own.album import is_own
from tl_core.disk.home import data_home
from tl_core.planning.fit import fitted
from tl_core.planning.lab_link import CONTROLS, LabLink, Notice, is_lab_link
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.lesson import LENGTH, lesson_of_code

MOST_LETTERS = 20  # of a wrong code that are said again


def leads_to_lab() -> bool:
    """Says whether the address holds what the lab shows: settings, a short code for them, or a run."""
    asked = state.asked_settings()
    return state.names_run() or "join" in asked or is_lab_link(asked)


def open_link() -> None:
    """Takes over what the address sets: fills the controls, once, and keeps what there is to say. Starts nothing."""
    query, opened = _with_code(state.asked_settings()), state.get("lesson")
    if not query or (opened and query == {name: [value] for name, value in opened.to_query().items()}):
        return
    link, notices = LabLink.from_query(query)
    if is_lab_link(query):
        link, changed = _fitted(link)
        notices += [Notice("fitted", tuple(changed))] if changed else []
        state.put("lesson", link)
        state.put("planned", link.spec)
        controls.fill(link)
        for name, marked in (("lock", link.locked), ("hide", link.hidden)):
            state.set_widget(name, [control for control in CONTROLS if control in marked])
    state.put("notices", notices)


def _with_code(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """Returns what an address sets, a short one in full; notes where its code stands for nothing."""
    if "join" not in query:
        return query
    code = query["join"][-1]
    found = lesson_of_code(services.engine().store, code)
    if found is None:
        state.put("notices", [Notice("no_lesson", received=code[:MOST_LETTERS])])
    return {name: [value] for name, value in (found or {}).items()}


def _fitted(link: LabLink) -> tuple[LabLink, list[str]]:
    """Returns a link as it can be trained here by this visitor, and the fields that had to change for it."""
    asked = link.spec.dataset
    record = services.own_record(asked) if is_own(asked) else None
    if record is None:
        return fitted(link)
    return fitted(replace(link, spec=link.spec.with_changes(dataset=record.id)), data_home())


def draw_notices() -> None:
    """Says what the link brought: once, until the visitor has read it; and which controls are locked, always."""
    notices = state.get("notices")
    if notices:
        with st.container(border=True):
            st.markdown("\n\n".join(map(_sentence, notices)))
            st.button(t("link.read"), key="link-read", on_click=state.pop, args=("notices",))
    locked = [name for name in CONTROLS if controls.is_fixed(name) and not controls.is_hidden(name)]
    locked += [name for name, value in controls.without_control().items() if value != getattr(RunSpec, name)]
    if locked:
        st.caption(f":material/lock: {t('link.locked', fields=_listed(locked))}")


def draw_link(spec: RunSpec) -> None:
    """Draws the address of the present settings, folded away; the instructor chooses what it locks and hides."""
    state.put("planned", spec)
    with st.popover(t("link.title"), icon=":material/link:", type="tertiary"):
        st.caption(t("link.about"))
        if state.visitor().is_instructor:
            _choose_controls("lock")
            _choose_controls("hide")
        st.code(link_address(link_of_controls()), language=None, wrap_lines=True)


def link_of_controls() -> LabLink:
    """Returns the lab's present settings, with what the instructor locks or hides, or what the opened link did."""
    return LabLink(
        state.get("planned") or plan_run({}),
        locked=frozenset(state.get("lock", [])),
        hidden=frozenset(state.get("hide", [])),
        with_baseline=bool(state.get("baseline", True)),
    )


def link_address(link: LabLink) -> str:
    """Returns the full address that opens a link in the lab."""
    return state.address(link.to_query(), "lab")


def _choose_controls(name: str) -> None:
    labels = named(CONTROLS, lambda control: t(f"field.{control}"))
    box = partial(st.multiselect, t(f"field.{name}"), CONTROLS, format_func=labels.__getitem__)
    persistent(box, name, [])


def _sentence(notice: Notice) -> str:
    received = literal(notice.received)
    return t(f"link.{notice.code}", fields=_listed(notice.names), n=notice.n, received=received, length=LENGTH)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return t("unit.comma").join(t(f"field.{name}") for name in names)
