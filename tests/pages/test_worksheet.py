"""The worksheet at the end of a mission: one's own numbers and words, and nothing that runs or is fetched."""

import re

import pytest
from fake_runs import record_finished
from fake_sweeps import FakeSweeps
from streamlit.testing.v1 import AppTest

from pages.learn import worksheet
from tl_core.experiments.presets import PRESETS
from tl_core.lessons.catalog import lessons
from tl_core.phrases import phrase
from tl_core.store.access import Visitor

LANGUAGES = ("en", "zh")
LESSON = lessons().lessons["three-ways"]
ACCURACY = {"frozen": 0.5, "partial": 0.8, "scratch": 0.3}
MEAN = 'because <script>alert(1)</script> <img src="http://x.example"> **no**'
END = "2026-03-04T00:00:00+00:00"


@pytest.fixture
def page(visit, engine, monkeypatch):
    """Ends the mission with three runs, and returns the worksheet that its last page offers."""

    def made(language: str = "en", **changes) -> str:
        runs = {
            name: record_finished(engine.store, LESSON.mission.spec(name), share, role="run", name=name, owner="anna")
            for name, share in ACCURACY.items()
        }
        steps = [step.id for step in LESSON.mission.steps]
        answers = {"bet": "partial", "lead": 0.2, "why": MEAN, "check": "features", "curves": "scratch"}
        told = {"at": "check", "passed": steps, "answers": answers, "runs": runs, "ended_at": END, **changes}
        engine.store.progress.change("three-ways", lambda before: told, by=Visitor("anna"))
        sheets = []
        kept = worksheet.page
        with monkeypatch.context() as patch:
            patch.setattr(worksheet, "page", lambda *given: (sheets.append(kept(*given)), sheets[-1])[1])
            app = visit("learn", language, owner="anna", mission="three-ways")
        assert not app.exception
        assert [button.proto.label for button in app.get("download_button")] == [phrase(language, "worksheet.take")]
        return sheets[-1]

    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_what_was_predicted_measured_and_written_and_what_follows(page, language):
    words, sheet = LESSON.texts[language], page(language)
    assert f'<html lang="{language}">' in sheet
    assert f"<h1>{words.title}</h1>" in sheet
    text = re.sub("<[^>]+>", "\n", sheet)
    for run in ACCURACY:
        assert words.run_name(run) in text
    assert phrase(language, "learn.as_said") in text  # the bet
    assert phrase(language, "learn.not_as_said_by", distance=phrase(language, "learn.points", n="30.0")) in text
    assert "80.0%" in text  # in the table, and in the sentence at the end
    assert words.sections["end"].choices["partial"].split("{")[0] in text
    assert words.sections["end"].parts["limits"][:40] in text
    assert "2026-03-04" in text


def test_what_was_written_is_text_and_nothing_runs_or_is_fetched(page):
    sheet = page()
    assert "<script" not in sheet
    assert "<img" not in sheet
    assert "because &lt;script&gt;" in sheet
    assert "**no**" in sheet  # a student's stars are no marks
    assert re.findall(r"(?:src|href)=", re.sub("&lt;.*?&gt;", "", sheet)) == []
    assert "default-src 'none'" in sheet


def test_the_curves_are_those_of_the_own_runs(page):
    sheet = page()
    (svg,) = re.findall("<svg.*?</svg>", sheet)
    assert svg.count("<polyline") == 3
    assert svg.count("<circle") == 6  # two epochs each


def test_what_was_deleted_leaves_a_worksheet_without_it(page):
    sheet = page(runs={"frozen": "0" * 32})
    assert "<svg" not in sheet
    assert "because" in sheet
    assert phrase("en", "worksheet.supported") not in sheet


def drawn(snapshot, language: str) -> str:
    """Returns the part of a worksheet that an experiment is, drawn as in a page."""

    def script(language: str) -> None:
        import streamlit as st

        from pages.learn.worksheet import sweep_section
        from pages.ui import state

        state.set_language(language)
        st.text(sweep_section(st.session_state["snapshot"]))

    app = AppTest.from_function(script, args=(language,))
    app.session_state["snapshot"] = snapshot
    app.run()
    assert not app.exception
    return app.text[0].value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["depth", "savings", "data-size", "source"])
def test_an_experiment_is_curves_and_a_table_of_its_means(engine, kind, language):
    sweeps, preset, by = FakeSweeps(), PRESETS[kind], Visitor("anna")
    record = sweeps.start(preset.sweep({}, 2), by=by, name="mine")
    n_lines = len({row[preset.series] for row in sweeps.rows[record.id]}) if preset.series else 1
    n_levels = len({row[preset.x] for row in sweeps.rows[record.id]})
    sweeps.measure(record.id, lambda row: 0.5 + 0.1 * row["seed"])
    sheet = drawn(sweeps.snapshot(record.id, by=by), language)
    assert "mine" in sheet
    assert sheet.count("<polyline") == n_lines
    assert sheet.count('<th scope="row">') == n_levels
    assert "55.0%" in sheet


def test_what_no_trial_has_measured_is_a_gap(engine):
    sweeps, by = FakeSweeps(), Visitor("anna")
    record = sweeps.start(PRESETS["depth"].sweep({}, 1), by=by, name="mine")
    sheet = drawn(sweeps.snapshot(record.id, by=by), "en")
    assert "<polyline" not in sheet
    assert "<td>–</td>" in sheet
