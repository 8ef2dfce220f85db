"""Claims on trial: a vote that stays, the experiment live, and a verdict that follows from the visitor's own runs."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from fake_runs import record_finished
from fake_sweeps import FakeSweeps
from patience import PATIENCE_S
from streamlit.testing.v1 import AppTest

from tl_core.errors import StoreError
from tl_core.lessons.claims import CLAIMS, VOTES
from tl_core.phrases import LANGUAGES, phrase
from tl_core.store.access import Visitor
from tl_core.store.records import SweepState

SCRIPT = "from pages.learn.claims import draw\n\ndraw()\n"
N_TEST = 200
FAULTY = CLAIMS["no_preprocessing"]


@pytest.fixture
def look(sweeps, monkeypatch):
    """Opens the claims alone, without the other pages to which they link: look("zh", owner=…)."""
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)

    def open_claims(language: str = "en", owner: str = "local") -> AppTest:
        app = AppTest.from_string(SCRIPT, default_timeout=PATIENCE_S)
        app.session_state["kept"] = {"owner": owner}
        app.query_params["lang"] = language
        return app.run()

    return open_claims


@pytest.fixture
def begun(look, sweeps):
    """Votes and starts the experiment on raw pixels; returns its id."""
    app = look()
    vote(app, FAULTY.id, "not")
    app.button(key=f"try-{FAULTY.id}").click().run()
    assert not app.exception
    (id,) = sweeps.records
    return id


def vote(app: AppTest, claim: str, said: str) -> None:
    app.button(key=f"vote-{claim}-{said}").click().run()


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def shown(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning))


def answers(share: float, is_turned: bool) -> np.ndarray:
    """Returns answers of which a share is right: the first ones, or, turned, the last ones."""
    labels = np.arange(N_TEST) % 14
    right = np.arange(N_TEST) < share * N_TEST
    return np.where(right[::-1] if is_turned else right, labels, (labels + 1) % 14)


def finish(engine, sweeps: FakeSweeps, id: str, shares: Mapping[str, float], *, is_turned: bool) -> None:
    """Ends an experiment with real records of its runs.

    Args:
        engine: Of the test.
        sweeps: Where the experiment is.
        id: Its id.
        shares: Arm → share of the test pictures that are right.
        is_turned: Whether they are other ones for the second arm.
    """
    rows = []
    trials = FAULTY.sweep().trials()
    for row, trial, share in zip(sweeps.rows[id], trials, shares.values(), strict=True):
        said = answers(share, is_turned and bool(rows))
        run_id = record_finished(engine.store, trial.spec, share, role="run", name="trial", predicted=said)
        rows.append({**row, "run_id": run_id, "state": "completed", "test_accuracy": share, "seconds": 4.0})
    sweeps.rows[id] = tuple(rows)
    sweeps.asked.append(("finish", id))
    sweeps.records[id] = replace(sweeps.records[id], state=SweepState.COMPLETED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_is_quoted_with_its_kind_of_program_and_asks_for_a_vote_first(look, language):
    app = look(language)
    assert not app.exception
    text = shown(app)
    for claim in CLAIMS.values():
        assert phrase(language, f"claim.{claim.id}.quote") in text
        assert phrase(language, f"recipe.{claim.source}.title") in text
        assert {f"vote-{claim.id}-{vote}" for vote in VOTES} <= keys(app)
        assert f"try-{claim.id}" not in keys(app)
    assert phrase(language, "claim.sixteen.experiment") not in text
    for outcome in ("fits", "not", "undecided"):
        assert phrase(language, f"claims.verdict_{outcome}") not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vote_stays_and_leads_to_the_experiment_with_what_it_takes(look, sweeps, language):
    app = look(language)
    vote(app, FAULTY.id, "unknown")
    assert not app.exception
    assert not {key for key in keys(app) if key.startswith(f"vote-{FAULTY.id}-")}
    text = shown(app)
    assert phrase(language, "claims.voted", vote=phrase(language, "claims.unknown")) in text
    assert phrase(language, f"claim.{FAULTY.id}.experiment") in text
    assert phrase(language, "claims.cost", time="1.7 min" if language == "en" else "1.7 分钟") in text
    assert f"try-{FAULTY.id}" in keys(app)
    assert sweeps.records == {}


@pytest.mark.parametrize(("whole_s", "words"), [(0.0, "cost_nothing"), (None, "cost_unknown")])
def test_what_was_trained_before_and_what_was_never_measured_is_said_before_the_start(look, sweeps, whole_s, words):
    sweeps.whole_s = whole_s
    app = look()
    vote(app, FAULTY.id, "fits")
    assert phrase("en", f"claims.{words}") in shown(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("said", VOTES)
def test_what_can_be_counted_is_told_at_once_beside_the_vote(look, language, said):
    app = look(language)
    vote(app, "sixteen", said)
    text = shown(app)
    assert phrase(language, "claim.sixteen.found", claimed="16", convolutional="13") in text
    assert phrase(language, "claims.verdict_not") in text
    agreement = {"not": "as_voted", "fits": "not_as_voted"}
    for one, words in agreement.items():
        assert (f" · {phrase(language, f'claims.{words}')}" in text) == (one == said)
    assert phrase(language, "claim.sixteen.limits") in text


def test_an_experiment_keeps_the_vote_and_is_found_again_after_a_reload(look, sweeps, begun):
    record = sweeps.records[begun]
    assert record.sweep == FAULTY.sweep("not").to_dict()
    assert FAULTY.is_tried_by(record.sweep)
    again = look()
    assert f"stop-claim-{FAULTY.id}" in keys(again)
    assert f"vote-{FAULTY.id}-fits" not in keys(again)
    assert phrase("en", "claims.voted", vote=phrase("en", "claims.not")) in shown(again)


def test_a_vote_without_an_experiment_is_there_again_after_a_reload_and_stays(look, engine):
    app, other_tab = look(), look()
    vote(app, "sixteen", "fits")
    vote(other_tab, "sixteen", "not")
    assert engine.store.progress.all_mine(by=Visitor("local")) == {"claim-sixteen": {"vote": "fits"}}
    again = look()
    assert phrase("en", "claims.not_as_voted") in shown(again)
    assert "vote-sixteen-fits" in keys(look(owner="anna"))


def test_what_others_try_is_not_one_s_own(look, begun):
    app = look(owner="anna")
    assert f"vote-{FAULTY.id}-fits" in keys(app)
    assert f"stop-claim-{FAULTY.id}" not in keys(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("right", "wrong", "outcome"),
    [(0.8, 0.3, "not"), (0.6, 0.605, "fits"), (0.6, 0.59, "fits"), (0.62, 0.595, "undecided")],
)
def test_the_verdict_follows_from_the_visitor_s_own_runs(look, engine, sweeps, begun, language, right, wrong, outcome):
    finish(engine, sweeps, begun, {"right": right, "wrong": wrong}, is_turned=outcome == "undecided")
    app = look(language)
    assert not app.exception
    text = shown(app)
    assert phrase(language, f"claims.verdict_{outcome}") in text
    assert f"{right * 100:.1f}%" in text
    assert phrase(language, f"claim.{FAULTY.id}.limits") in text
    assert phrase(language, "claims.voted", vote=phrase(language, "claims.not")) in text
    others = {"fits", "not", "undecided"} - {outcome}
    badges = {one.value for one in app.markdown if one.value.startswith(":")}
    assert not {name for name in others if any(phrase(language, f"claims.verdict_{name}") + "]" in b for b in badges)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_finding_without_an_interval_has_dashes_in_its_sentence(engine, language, claim):
    script = f"""
import streamlit as st
from pages.learn.claim_trial import said
from tl_core.lessons.claims import CLAIMS
from tl_core.lessons.findings import Finding

st.markdown(said(CLAIMS[{claim.id!r}], Finding("undecided", {{}})))
"""
    app = AppTest.from_string(script, default_timeout=PATIENCE_S)
    app.query_params["lang"] = language
    app.run()
    assert not app.exception
    assert "–" in app.markdown[0].value


def test_one_that_was_stopped_says_so_and_goes_on(look, sweeps, begun):
    app = look()
    app.button(key=f"stop-claim-{FAULTY.id}").click().run()
    assert ("stop", begun) in sweeps.asked
    assert phrase("en", "state.stopped") in shown(app)
    app.button(key=f"go_on-claim-{FAULTY.id}").click().run()
    assert ("go_on", begun) in sweeps.asked
    assert not app.exception


def test_what_is_refused_is_said_in_one_sentence(look, sweeps, monkeypatch):
    def refuse(*_, **__):
        raise StoreError("too_many_active_sweeps", found=4, allowed=4)

    app = look()
    vote(app, FAULTY.id, "fits")
    monkeypatch.setattr(sweeps, "start", refuse)
    app.button(key=f"try-{FAULTY.id}").click().run()
    assert [box.value for box in app.error] == [phrase("en", "errors.too_many_active_sweeps", found=4, allowed=4)]
    assert f"try-{FAULTY.id}" in keys(app)
