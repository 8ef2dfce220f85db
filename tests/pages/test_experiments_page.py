"""Experiments: every state of the page, in both languages; what links bring; a prediction that stays."""

import json
import re
from dataclasses import replace
from itertools import cycle

import pytest

from pages.experiments import cost
from tl_core.engine.runs.estimates import Pending
from tl_core.experiments.presets import PRESETS
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR
from tl_core.store.records import SweepState, Visibility

DEPTH = PRESETS["depth"]
SMALL = {
    "sweep_kind": "depth",
    "sweep_dataset": "groceries",
    "sweep_backbone": "squeezenet",
    "sweep_image_size": "64",
    "sweep_seeds": "4",
}


@pytest.fixture
def opened(visit, sweeps):
    """Starts the depth preset as its page does, with a prediction; returns the page and the sweep's id."""

    def start(language: str = "en", prediction: str = "last"):
        app = visit("experiments", language, **SMALL)
        predict(app, prediction)
        app.button(key="start-sweep").click().run()
        assert not app.exception
        (id,) = sweeps.records
        return app, id

    return start


def say(language: str, key: str, **values: object) -> str:
    return phrase(language, f"experiments.{key}", **values)


def predict(app, choice: str) -> None:
    (radio,) = app.radio
    radio.set_value(choice).run()


def shown(app) -> str:
    boxes = (*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success, *app.header)
    return "\n".join(element.value for element in boxes)


def said(app) -> dict[str, str]:
    """Returns what the address says of an experiment."""
    told = {name: value for name, value in app.query_params.items() if name.startswith("sweep")}
    return {name: value if isinstance(value, str) else value[-1] for name, value in told.items()}


def keys(app) -> set[str]:
    return {button.key for button in app.button if button.key}


def figures(app) -> list[dict]:
    """Returns the charts that are drawn."""
    messages = (json.loads(one.proto.mixed.json or one.proto.json) for one in app.get("bidi_component"))
    return [json.loads(told["figure"]) for told in messages if "figure" in told]


def rising(row: dict) -> float:
    """Returns an accuracy that grows from block to block, a little other with each seed."""
    blocks = [cell.factors["block"] for cell in DEPTH.sweep({"backbone": "squeezenet"}, 1).cells]
    place = blocks.index(row["block"])
    return 0.3 + 0.05 * place + 0.001 * row["seed"] * (7 * place % 5)


# ---- the cards ----


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("whole_s", [100.0, None])
def test_every_question_has_a_card_that_says_what_it_takes(visit, sweeps, language, whole_s):
    sweeps.whole_s = whole_s
    app = visit("experiments", language)
    assert not app.exception
    assert app.title[0].value == phrase(language, "experiments.title")
    titles = [phrase(language, f"sweep.{id}.title") for id in PRESETS]
    assert [one.value for one in app.subheader] == [*titles, say(language, "own")]
    n = DEPTH.sweep({}, DEPTH.n_seeds).n_trials
    cost = {"time": "1.7 min" if language == "en" else "1.7 分钟"} if whole_s else {}
    assert say(language, "cost" if whole_s else "cost_unknown", n=n, **cost) in shown(app)
    assert phrase(language, "sweep.depth.reference") in shown(app)


@pytest.mark.parametrize("whole_s", [100.0, None])
def test_the_trials_of_all_cards_are_planned_once_for_all_who_look_within_a_few_seconds(visit, sweeps, whole_s):
    sweeps.whole_s = whole_s
    app = visit("experiments")
    assert sweeps.n_estimated == len(PRESETS)
    app.run()
    visit("experiments", "zh", owner="anna")
    assert sweeps.n_estimated == len(PRESETS)


def test_a_card_leads_to_its_question_and_back(visit, sweeps):
    app = visit("experiments")
    app.button(key="ask-depth").click().run()
    assert said(app)["sweep_kind"] == "depth"
    assert len(app.radio) == 1
    app.button(key="back").click().run()
    assert "sweep_kind" not in app.query_params
    assert "ask-depth" in keys(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_s_own_experiments_are_listed_opened_and_deleted(visit, sweeps, opened, language):
    _, id = opened(language)
    app = visit("experiments", language)
    assert say(language, "mine") in shown(app)
    assert say(language, "done", done=0, n=sweeps.snapshot(id, by=OPERATOR).n_trials) in shown(app)
    app.button(key=f"open-{id}").click().run()
    assert said(app) == {"sweep": id}
    sweeps.measure(id, rising, SweepState.COMPLETED)
    app.run()
    app.button(key="delete").click().run()
    assert "delete-sweep" in keys(app)
    assert say(language, "delete_question") in shown(app)


def test_what_the_class_shares_is_listed_without_a_way_to_delete_it(visit, sweeps, opened):
    _, id = opened()
    sweeps.share(id, Visibility.CLASS, by=OPERATOR)
    app = visit("experiments", owner="anna")
    assert say("en", "others") in shown(app)
    assert f"open-{id}" in keys(app)
    assert f"delete-{id}" not in keys(app)


# ---- a question before it is asked ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_starts_before_something_is_predicted_or_that_is_skipped(visit, sweeps, language):
    app = visit("experiments", language, **SMALL)
    assert not app.exception
    assert app.button(key="start-sweep").disabled
    assert say(language, "predict_first") in shown(app)
    names = [phrase(language, f"sweep.depth.choice.{choice}") for choice in DEPTH.choices]
    assert app.radio[0].options == [*names, say(language, "skip")]
    predict(app, "")
    assert not app.button(key="start-sweep").disabled
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    assert "prediction" not in record.sweep
    assert say(language, "skipped") in shown(app)


def test_a_click_is_not_lost_where_its_time_becomes_known_in_the_same_moment(visit, sweeps, monkeypatch):
    app = visit("experiments", sweep_kind="depth")
    predict(app, "last")
    flips = cycle((Pending.WAITING, Pending.MEASURING))
    monkeypatch.setattr(cost, "_pending", lambda sweep: next(flips))
    app.button(key="start-sweep").click().run()
    assert len(sweeps.list_sweeps(by=OPERATOR)) == 1


def test_a_link_fills_the_settings_and_starts_nothing(visit, sweeps):
    app = visit("experiments", **SMALL)
    assert sweeps.records == {}
    predict(app, "last")
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    asked = DEPTH.sweep({"dataset": "groceries", "backbone": "squeezenet", "image_size": 64}, 4)
    assert record.sweep == asked.to_dict() | {"prediction": "last"}


def test_the_address_says_what_is_chosen_so_that_a_reload_finds_it(visit, sweeps):
    app = visit("experiments", sweep_kind="depth")
    box = next(one for one in app.selectbox if "backbone" in one.key)
    box.set_value("squeezenet").run()
    assert said(app)["sweep_backbone"] == "squeezenet"
    again = visit("experiments", **said(app))
    assert next(one for one in again.selectbox if "backbone" in one.key).value == "squeezenet"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sweep_dataset": "../../etc", "sweep_backbone": "no", "sweep_image_size": "1e9", "sweep_seeds": "900"},
        {"sweep_image_size": "-1", "sweep_seeds": "two"},
    ],
)
def test_what_a_link_cannot_mean_is_replaced_by_what_is_usual(visit, sweeps, wrong):
    app = visit("experiments", sweep_kind="depth", **wrong)
    assert not app.exception
    assert not app.error
    assert app.number_input[0].value == DEPTH.n_seeds


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kind_that_does_not_exist_is_said_above_those_that_do(visit, sweeps, language):
    app = visit("experiments", language, sweep_kind="<b>alchemy</b>")
    assert [box.value for box in app.warning] == [say(language, "no_such_kind")]
    assert "ask-depth" in keys(app)


class Pencil:
    """In the place of the browser's sketch: says what a test has drawn."""

    def __init__(self) -> None:
        self.values: object = None
        self.shown: dict = {}

    def __call__(self, *, data: dict, **_: object) -> "Pencil":
        self.shown = data
        return self

    @property
    def drawn(self) -> dict:
        return {"token": self.shown["token"], "values": self.values}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_curve_is_sketched_instead_and_said_in_numbers_afterwards(visit, sweeps, monkeypatch, language):
    pencil = Pencil()
    monkeypatch.setattr("pages.ui.sketch._SKETCH", pencil)
    app = visit("experiments", language, **SMALL)
    assert len(app.radio) == 1
    app.button(key="sketch").click().run()
    assert not app.exception
    assert not app.radio
    assert app.button(key="start-sweep").disabled
    n = len(pencil.shown["levels"])
    assert (n, pencil.shown["places"][0], pencil.shown["places"][-1]) == (9, 0.0, 1.0)
    for wrong in ([0.5] * (n - 1), [0.5] * (n - 1) + [None], [2.0] * n, "curve"):
        pencil.values = wrong
        app.run()
        assert app.button(key="start-sweep").disabled
    pencil.values = [0.3 + 0.05 * at + 0.1 for at in range(n)]
    app.run()
    app.button(key="start-sweep").click().run()
    ((id, record),) = sweeps.records.items()
    assert [value for _, value in record.sweep["sketch"]] == pencil.values
    assert "prediction" not in record.sweep
    assert say(language, "sketch_locked") in shown(app)
    sweeps.measure(id, rising, SweepState.COMPLETED)
    app.run()
    assert not app.exception
    assert say(language, "sketch_order", rho="1.00") in shown(app)
    assert re.search(say(language, "sketch_distance", distance="9.[0-9]", n=n), shown(app))
    (figure,) = figures(app)
    (drawn,) = [trace for trace in figure["data"] if trace["uid"] == "sketch"]
    assert drawn["y"] == pencil.values


@pytest.mark.parametrize("kind", ["batchnorm", "backbones"])
def test_what_has_no_order_or_is_no_curve_cannot_be_sketched(visit, sweeps, kind):
    assert "sketch" not in keys(visit("experiments", sweep_kind=kind))


def test_of_lines_the_first_that_is_a_curve_is_sketched(visit, sweeps, monkeypatch):
    pencil = Pencil()
    monkeypatch.setattr("pages.ui.sketch._SKETCH", pencil)
    app = visit("experiments", sweep_kind="source")
    app.button(key="sketch").click().run()
    assert not app.exception
    assert phrase("en", "sweep.source.level.a-frozen") in shown(app)
    pencil.values = [0.5] * len(pencil.shown["levels"])
    app.run()
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    copied = [cell["factors"] for cell in record.sweep["cells"] if "a-frozen" in cell["factors"].values()]
    assert [[level, 0.5] for level in sorted(cell["blocks"] for cell in copied)] == record.sweep["sketch"]


# ---- under way ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_it_runs_it_says_how_far_it_is_and_what_is_done(sweeps, opened, language):
    sweeps.doing, sweeps.left_s = {"phase": "features", "done": 640, "total": 1393}, 30.0
    app, id = opened(language)
    (bar,) = app.get("progress")
    features = phrase(language, "phase.features")
    counted = phrase(language, "progress.counted", phase=features, done="640", total="1,393")
    assert counted in bar.proto.text
    assert say(language, "done", done=0, n=sweeps.snapshot(id, by=OPERATOR).n_trials) in bar.proto.text
    assert phrase(language, "sweep.depth.choice.last") in shown(app)
    assert not app.radio
    assert not app.dataframe
    app.toggle(key="live-trials").set_value(True).run()
    assert list(app.dataframe[0].value[phrase(language, "runs.state")]) == [say(language, "waiting")] * 36


def test_a_prediction_is_locked_and_there_again_after_a_reload(visit, sweeps, opened):
    _, id = opened(prediction="inside")
    again = visit("experiments", sweep=id)
    assert phrase("en", "sweep.depth.choice.inside") in shown(again)
    assert not again.radio
    asked_anew = visit("experiments", **SMALL)
    assert asked_anew.radio[0].value is None


def test_stop_ends_it_and_it_can_go_on(sweeps, opened):
    app, id = opened()
    app.button(key="stop-sweep").click().run()
    assert sweeps.records[id].state is SweepState.STOPPED
    app.run()
    assert "stop-sweep" not in keys(app)
    app.button(key="go_on").click().run()
    assert sweeps.records[id].state is SweepState.RUNNING


# ---- afterwards ----


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("prediction", "outcome"), [("last", "as_predicted"), ("same", "not_as_predicted")])
def test_the_answer_stands_there_and_the_prediction_beside_it(sweeps, opened, language, prediction, outcome):
    app, id = opened(language, prediction)
    sweeps.measure(id, rising, SweepState.COMPLETED)
    app.run()
    assert not app.exception
    assert DEPTH.verdict(sweeps.rows[id]) == "last"
    assert phrase(language, f"sweep.depth.choice.{prediction}") in shown(app)
    assert say(language, outcome) in shown(app)
    assert len(app.info) == 1
    table = app.dataframe[0].value
    assert len(table) == len(sweeps.rows[id])
    assert list(table[phrase(language, "runs.test")]) == [rising(row) for row in sweeps.rows[id]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_few_trials_give_no_answer(sweeps, opened, language):
    app, id = opened(language)
    sweeps.measure(id, lambda row: rising(row) if row["seed"] == 0 else None, SweepState.STOPPED)
    app.run()
    assert not app.info
    assert say(language, "no_answer") in shown(app)
    assert "go_on" in keys(app)


def test_one_more_seed_is_asked_for(sweeps, opened):
    app, id = opened()
    sweeps.measure(id, rising, SweepState.COMPLETED)
    app.run()
    assert "go_on" not in keys(app)
    app.button(key="one_more").click().run()
    assert ("add_seeds", id, 1) in sweeps.asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_trials_that_failed_say_why(sweeps, opened, engine, workers, language):
    app, id = opened(language)
    run = engine.runs.submit(plan_run({}), by=OPERATOR, name="trial")
    error = {"code": "out_of_memory", "values": {"batch_size": 32, "reason": "OOM"}}
    ended = {"event": "ended", "state": "failed", "best_epoch": None, "seconds": 1.0, "error": error}
    workers[0].tell(run.id, ended)
    first, *rest = sweeps.rows[id]
    sweeps.rows[id] = ({**first, "state": "failed", "run_id": run.id}, *rest)
    sweeps.records[id] = replace(sweeps.records[id], state=SweepState.COMPLETED)
    app.run()
    (box,) = app.warning
    assert say(language, "failed", n=1) in box.value
    assert first["block"] in box.value
    assert phrase(language, "errors.out_of_memory", **error["values"]) in box.value


def test_a_link_opens_it_for_those_who_may_see_it_and_for_nobody_else(visit, sweeps, opened):
    _, id = opened()
    hidden = visit("experiments", owner="anna", sweep=id)
    assert phrase("en", "errors.unknown_sweep", received=id, n_matches=0, min_characters=6) in shown(hidden)
    sweeps.share(id, Visibility.LINK, by=OPERATOR)
    app = visit("experiments", owner="anna", sweep=id)
    assert "stop-sweep" not in keys(app)
    assert len(app.get("progress")) == 1


def test_another_link_asks_the_same_again(visit, sweeps, opened):
    app, id = opened()
    sweeps.measure(id, rising, SweepState.COMPLETED)
    app.run()
    link = next(code.value for code in app.code if "sweep_kind" in code.value)
    query = dict(part.split("=") for part in link.partition("?")[2].split("&"))
    again = visit("experiments", query.pop("lang"), **query)
    predict(again, "same")
    again.button(key="start-sweep").click().run()
    first, second = sweeps.records.values()
    assert second.sweep == first.sweep | {"prediction": "same"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_whose_data_were_deleted_is_still_shown_and_says_why_it_cannot_be_repeated(visit, sweeps, language):
    app = visit("experiments", language, sweep_kind="own", sweep_vary="per_class:1,5")
    app.button(key="start-sweep").click().run()
    ((id, record),) = sweeps.records.items()
    sweeps.measure(id, lambda row: 0.5, SweepState.COMPLETED)
    told = {**record.sweep, "base": {**record.sweep["base"], "dataset": "own-0123456789abcdef"}}
    sweeps.records[id] = replace(sweeps.records[id], sweep=told)
    app.run()
    app.button(key="repeat").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert len(app.dataframe[0].value) == 6
    assert "link_repeat" not in shown(app)


def test_a_damaged_one_spoils_no_list(visit, sweeps, opened):
    _, id = opened()
    sweeps.records[id] = replace(sweeps.records[id], sweep={"kind": "depth"})
    app = visit("experiments")
    assert not app.exception
    assert f"open-{id}" not in keys(app)


# ---- one's own ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_s_own_shows_its_trials_before_they_start(visit, sweeps, language):
    app = visit(
        "experiments", language, sweep_kind="own", sweep_vary="per_class:1,5;head:linear,dense", sweep_seeds="2"
    )
    assert not app.exception
    assert len(app.dataframe[0].value) == 8
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    cells = [cell["factors"] for cell in record.sweep["cells"]]
    assert cells[1] == {"per_class": 1, "head": "dense"}
    assert said(app) == {"sweep": record.id}


@pytest.mark.parametrize(("varied", "mode"), [("per_class:1,5", "lines+markers"), ("head:linear,dense", "markers")])
def test_a_line_is_drawn_only_between_values_that_have_an_order(visit, sweeps, varied, mode):
    app = visit("experiments", sweep_kind="own", sweep_vary=varied)
    app.button(key="start-sweep").click().run()
    (id,) = sweeps.records
    sweeps.measure(id, lambda row: 0.5, SweepState.COMPLETED)
    app.run()
    (figure,) = figures(app)
    (mean,) = [trace for trace in figure["data"] if trace["uid"].startswith("mean-")]
    assert (mean["mode"], mean["y"]) == (mode, [0.5, 0.5])


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_s_own_has_an_answer_and_no_prediction(visit, sweeps, language):
    app = visit("experiments", language, sweep_kind="own", sweep_vary="per_class:1,5", sweep_seeds="4")
    app.button(key="start-sweep").click().run()
    (id,) = sweeps.records
    sweeps.measure(
        id, lambda row: 0.1 * row["per_class"] + 0.001 * row["seed"] * row["per_class"], SweepState.COMPLETED
    )
    app.run()
    assert not app.exception
    (box,) = app.info
    assert phrase(language, "field.per_class") in box.value
    assert "40." in box.value
    assert say(language, "measured") not in shown(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("cuts", "n_charts"), [("1,5,9,13", 1), ("1,5,9,13,17", 5)])
def test_many_lines_have_a_small_chart_each(visit, sweeps, language, cuts, n_charts):
    app = visit("experiments", language, sweep_kind="own", sweep_vary=f"per_class:1,5;head_at:{cuts}")
    app.button(key="start-sweep").click().run()
    (id,) = sweeps.records
    sweeps.measure(id, lambda row: 0.02 * row["head_at"] + 0.01 * row["per_class"], SweepState.COMPLETED)
    app.run()
    assert not app.exception
    assert len(figures(app)) == n_charts
    if n_charts > 1:
        assert say(language, "small_charts", series=phrase(language, "field.head_at")) in shown(app)
        assert [[trace["y"] for trace in one["data"] if trace["uid"].startswith("mean-")] for one in figures(app)] == [
            [pytest.approx([0.02 * cut + 0.01, 0.02 * cut + 0.05])] for cut in (1, 5, 9, 13, 17)
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_that_is_none_gets_one_sentence_and_no_way_to_start(visit, sweeps, language):
    app = visit("experiments", language, sweep_kind="own")
    app.text_input[0].set_value("0, many").run()
    assert len(app.error) == 1
    assert "start-sweep" not in keys(app)


def test_one_s_own_varies_the_lab_s_settings_and_is_repeated_with_them(visit, sweeps):
    app = visit("experiments", v="2", dataset="cifar10-small", epochs="7", sweep_kind="own", sweep_vary="per_class:1,5")
    app.button(key="start-sweep").click().run()
    (record,) = sweeps.records.values()
    assert (record.sweep["base"]["dataset"], record.sweep["base"]["epochs"]) == ("cifar10-small", 7)
    sweeps.measure(record.id, lambda row: 0.5, SweepState.COMPLETED)
    app.run()
    link = next(code.value for code in app.code if "sweep_vary" in code.value)
    query = dict(part.split("=") for part in link.replace("%3A", ":").replace("%3B", ";").partition("?")[2].split("&"))
    again = visit("experiments", query.pop("lang"), **query)
    again.button(key="start-sweep").click().run()
    assert list(sweeps.records.values())[1].sweep == record.sweep
