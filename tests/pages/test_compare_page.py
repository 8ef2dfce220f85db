"""Runs side by side on the page Insights."""

import numpy as np
import pytest
from fake_runs import record_finished

from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, save_outputs
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run

LABELS = np.arange(200) % 14


@pytest.fixture
def judged(engine, pair) -> tuple[str, str]:
    """The pair, with what it said of its test pictures: as right as its scores say."""
    for run, share in zip(pair, (0.8, 0.3), strict=True):
        predicted = np.where(np.arange(200) < 200 * share, LABELS, (LABELS + 1) % 14)
        said = SplitOutputs(4 * np.eye(14, dtype=np.float32)[predicted], LABELS)
        save_outputs(engine.store.run_folder(run), Outputs(said, said, np.full(14, 9)))
    return pair


def compared(visit, language: str, run: str):
    app = visit("insights", language, run=run)
    section = next(one for one in app.segmented_control if one.label == phrase(language, "insights.section"))
    return section.set_value("compare").run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_what_differs_is_told_and_who_was_better_with_how_sure_that_is(visit, judged, language):
    app = compared(visit, language, judged[0])
    assert not app.exception
    differing, scores = app.table[0].value, app.table[1].value
    fields = set(differing.index)
    assert phrase(language, "field.weights") in fields
    assert phrase(language, "field.dataset") not in fields
    assert list(scores[phrase(language, "compare.test")]) == ["80% ± 6", "30% ± 6"]
    text = " ".join(one.value for one in app.markdown)
    assert phrase(language, "compare.worse") in text
    assert "−50.0" in text
    about = phrase(language, "compare.pictures_about", n_split=100, n_test=200)
    assert about in {one.value for one in app.caption}
    rows = "".join(str(one.value) for one in app.get("html"))
    assert rows.count("<td") == 2 * 16
    assert rows.count('class="wrong"') == 8 + 2 * sum(
        "wrong" in row and "right" not in row for row in rows.split("<tr>")
    )


def test_one_run_alone_asks_for_a_second(visit, engine):
    run = record_finished(engine.store, plan_run({}), 0.8, role="run", name="alone")
    app = compared(visit, "en", run)
    assert app.info[0].value == phrase("en", "compare.one_run")


def test_runs_of_different_data_are_not_called_better_or_worse(visit, engine, pair):
    other = record_finished(engine.store, plan_run({"dataset": "mnist-small"}), 0.9, role="run", name="other")
    app = compared(visit, "en", pair[0])
    app.multiselect[0].set_value([pair[0], other]).run()
    assert not app.exception
    said = {one.value for one in app.caption}
    assert phrase("en", "compare.not_comparable", other="other", first=r"\*\*bold\*\* \<b\>run\</b\>") in said


def test_two_marked_runs_lead_to_their_comparison(visit, judged, monkeypatch):
    from pages.ui import run_choice, state

    kept = {"run": None}
    monkeypatch.setattr(state, "get", lambda name, default=None: kept.get(name, default))
    monkeypatch.setattr(state, "put", kept.__setitem__)
    monkeypatch.setattr(state, "run_id", lambda: kept["run"])
    run_choice.ask_for("insights", judged)
    assert run_choice._asked("insights") == judged
    kept["run"] = "another"
    assert run_choice._asked("insights") == ()
