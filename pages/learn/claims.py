"""Claims on trial: sentences from widely read programs, each voted on first and then tried by real runs.

The learner answers: do I believe that, and what do my own runs say to it?
Reads and writes the votes and the experiments of the visitor, which are in the store.
"""

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from pages.learn import claim_trial
from pages.ui import services, state
from pages.ui.text import sentence, t
from pages.ui.words import draw_row
from tl_core.errors import TransferLabError
from tl_core.lessons.claims import CLAIMS, VOTES, Claim
from tl_core.lessons.findings import Finding
from tl_core.store.records import SweepRecord

ICONS: Mapping[str, tuple[str, Literal["green", "red", "gray"]]] = {
    "fits": ("check_circle", "green"),
    "not": ("cancel", "red"),
    "undecided": ("help", "gray"),
}


def draw() -> None:
    """Draws all claims, each with what this visitor said and found."""
    st.header(t("claims.title"), anchor="claims")
    st.markdown(t("claims.lead"))
    draw_row("claim", "interval", "paired", "seed")
    tried, votes = _tried(), services.engine().store.progress.all_mine(by=state.visitor())
    for claim in CLAIMS.values():
        with st.container(border=True, key=f"claim-{claim.id}"):
            record = tried.get(claim.id)
            _draw_card(claim, record, _vote_of(record, votes.get(_lesson(claim))))


def _tried() -> dict[str, SweepRecord]:
    """Returns claim → the visitor's newest experiment about it: whatever page began it, it is known by what it asks."""
    by, found = state.visitor(), dict[str, SweepRecord]()
    for record in services.engine().sweeps.list_sweeps(by=by):
        if record.owner == by.owner:
            for claim in CLAIMS.values():
                if claim.is_tried_by(record.sweep):
                    found.setdefault(claim.id, record)
    return found


def _draw_card(claim: Claim, record: SweepRecord | None, vote: str | None) -> None:
    st.subheader(t(f"claim.{claim.id}.quote"), anchor=claim.id)
    st.caption(t("claims.source", source=t(f"recipe.{claim.source}.title")))
    if vote is None and record is None:
        _draw_vote(claim)
        return
    st.markdown(t(f"claim.{claim.id}.experiment"))
    found = claim.judge({}) if claim.is_fact else claim_trial.found(claim, record) if record else None
    if found is None:
        _draw_said(vote)
    else:
        _draw_verdict(claim, vote, found)
    if record is not None:
        claim_trial.draw(claim, record)
    elif not claim.is_fact:
        claim_trial.draw_start(claim, vote or "")


def _vote_of(record: SweepRecord | None, kept: Mapping[str, Any] | None) -> str | None:
    """Returns what was said of a claim: kept by itself, or with its experiment."""
    said = (kept or {}).get("vote"), record.sweep.get("prediction") if record else None
    return next((vote for vote in said if vote in VOTES), None)


def _lesson(claim: Claim) -> str:
    """Returns by what the store knows how far somebody is with a claim."""
    return f"claim-{claim.id}"


def _draw_vote(claim: Claim) -> None:
    """Draws what can be said of a claim; once said, it stays."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"votes-{claim.id}"):
        st.markdown(t("claims.question"), width="content")
        for vote in VOTES:
            if st.button(t(f"claims.{vote}"), key=f"vote-{claim.id}-{vote}"):
                _keep(claim, vote)


def _keep(claim: Claim, vote: str) -> None:
    """Keeps a vote, unless another tab has kept one before; says in one sentence why it could not be kept."""
    try:
        services.engine().store.progress.change(
            _lesson(claim), lambda before: before or {"vote": vote}, by=state.visitor()
        )
    except TransferLabError as error:
        st.error(sentence(error))
        return
    st.rerun()


def _draw_said(vote: str | None) -> None:
    if vote is not None:
        st.caption(f":material/lock: {t('claims.voted', vote=t(f'claims.{vote}'))}")


def _draw_verdict(claim: Claim, vote: str | None, found: Finding) -> None:
    """Draws the verdict with the numbers that it rests on, the vote beside it, and what all that does not show."""
    icon, colour = ICONS[found.outcome]
    with st.container(horizontal=True, vertical_alignment="center", key=f"verdict-{claim.id}"):
        st.badge(t(f"claims.verdict_{found.outcome}"), icon=f":material/{icon}:", color=colour)
        if vote is not None:
            voted = t("claims.voted", vote=t(f"claims.{vote}"))
            st.caption(f"{voted}{_agreement(vote, found)}", width="content")
    st.markdown(claim_trial.said(claim, found))
    st.caption(t("claims.limits", limits=t(f"claim.{claim.id}.limits")))


def _agreement(vote: str, found: Finding) -> str:
    """Returns whether a vote was right; nothing where there was none, or nothing was decided."""
    if vote == "unknown" or found.outcome == "undecided":
        return ""
    return " · " + t("claims.as_voted" if vote == found.outcome else "claims.not_as_voted")
