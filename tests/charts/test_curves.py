import json
import math

import pytest

from tl_core.charts import theme
from tl_core.charts.curves import (
    CurvesInfo,
    CurvesLabels,
    EpochPoint,
    RunCurve,
    Series,
    StepPoint,
    curves_data,
    curves_figure,
    curves_info,
)

LABELS = CurvesLabels("Accuracy", "Loss", "Epochs", "Seconds", "Images", "train", "validation", "best", "blocks too")


def step(at: int, loss: float | None = None, accuracy: float | None = None) -> StepPoint:
    return StepPoint(at, at * 0.5, at * 32, at / 4, loss, accuracy)


def epoch(at: int, loss: float | None, accuracy: float | None) -> EpochPoint:
    return EpochPoint(at, at * 2.0, at * 128, at * 4, loss, accuracy, None, None)


def run(name: str = "probe", role: str = "run", **measured) -> RunCurve:
    return RunCurve(f"id-{name}", name, role, "running", **measured)


def traces(figure) -> dict:
    return {trace.uid: trace for trace in figure.data}


def test_a_run_becomes_a_train_and_a_validation_series():
    one = run(
        steps=(step(1, 2.0, 0.25), step(2, 1.0, 0.5)), epochs=(epoch(1, 1.5, 0.4), epoch(2, 1.25, 0.6)), best_epoch=2
    )
    assert curves_info([one], "accuracy", "epochs") == CurvesInfo(
        "accuracy",
        "epochs",
        ("running",),
        (
            Series("id-probe", "probe", "run", "train", (0.25, 0.5), (0.25, 0.5)),
            Series("id-probe", "probe", "run", "validation", (1.0, 2.0), (0.4, 0.6), best=(2.0, 0.6)),
        ),
    )


@pytest.mark.parametrize(("x", "train", "validation"), [("seconds", (0.5, 1), (2,)), ("images", (32, 64), (128,))])
def test_the_same_points_can_run_along_seconds_or_images(x, train, validation):
    one = run(steps=(step(1, 2.0), step(2, 1.0)), epochs=(epoch(1, 1.5, None),))
    first, second = curves_info([one], "loss", x).series
    assert (first.x, second.x) == (train, validation)


def test_neighbouring_steps_are_averaged_when_there_are_too_many():
    one = run(steps=tuple(step(at, float(at)) for at in range(1, 11)))
    train, _ = curves_info([one], "loss", "images", max_points=4).series
    assert train.y == (2.5, 6.5, 9.5)  # means of 1–4, 5–8, 9–10
    assert train.x == (80.0, 208.0, 304.0)  # 32 × the same means


def test_points_that_were_drawn_stay_when_a_run_grows():
    steps = tuple(step(at, float(at)) for at in range(1, 12))
    before, _ = curves_info([run(steps=steps[:9])], "loss", "images", max_points=4).series
    after, _ = curves_info([run(steps=steps)], "loss", "images", max_points=4).series
    assert after.y[:2] == before.y[:2]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_what_was_not_measured_is_a_gap_and_never_zero(missing):
    one = run(
        steps=(step(1, 2.0), step(2, missing), step(3, 1.0)), epochs=(epoch(1, missing, None), epoch(2, 1.0, None))
    )
    figure = curves_figure(curves_info([one], "loss", "epochs"), LABELS)
    assert traces(figure)["id-probe-train"].y == (2.0, None, 1.0)
    assert traces(figure)["id-probe-validation"].y == (None, 1.0)
    assert not any(trace.connectgaps for trace in figure.data)


def test_a_missing_step_leaves_the_rest_of_its_bucket():
    one = run(steps=tuple(step(at, loss) for at, loss in enumerate([1.0, None, 3.0, 5.0], start=1)))
    train, _ = curves_info([one], "loss", "epochs", max_points=2).series
    assert train.y == (1.0, 4.0)


def test_a_best_epoch_without_a_measure_has_no_star():
    one = run(epochs=(epoch(1, 1.0, None),), best_epoch=1)
    assert curves_info([one], "accuracy", "epochs").series[1].best is None


def test_a_run_and_its_baseline_have_their_own_colours_and_dashes():
    pair = [run("probe", epochs=(epoch(1, 1.0, 0.5),)), run("scratch", "baseline", epochs=(epoch(1, 2.0, 0.1),))]
    drawn = traces(curves_figure(curves_info(pair, "loss", "epochs"), LABELS))
    first, second = drawn["id-probe-validation"].line, drawn["id-scratch-validation"].line
    assert (first.color, first.dash) == (theme.RUN.colour, theme.RUN.dash)
    assert (second.color, second.dash) == (theme.BASELINE.colour, theme.BASELINE.dash)


def test_the_legend_names_each_run_once_and_explains_the_strokes():
    runs = [run(name, epochs=(epoch(1, 1.0, 0.5),), best_epoch=1) for name in ("a", "b")]
    figure = curves_figure(curves_info(runs, "loss", "epochs"), LABELS)
    shown = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert shown == ["a", "b", "train", "validation", "best"]
    assert {trace.legendgroup for trace in figure.data if trace.name == "a"} == {"id-a"}


def test_accuracy_stays_a_fraction_and_is_written_in_percent():
    figure = curves_figure(curves_info([run(epochs=(epoch(1, 1.0, 0.5),))], "accuracy", "epochs"), LABELS)
    assert traces(figure)["id-probe-validation"].y == (0.5,)
    assert figure.layout.yaxis.tickformat == ".0%"
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Epochs", "Accuracy")


def test_a_hostile_run_name_is_shown_letter_by_letter():
    name = "<b>%{y}</b>&<a href='x'>"
    figure = curves_figure(curves_info([run(name, steps=(step(1, 1.0),))], "loss", "epochs"), LABELS)
    train = figure.data[0]
    assert train.name == "&lt;b&gt;%{y}&lt;/b&gt;&amp;&lt;a href='x'&gt;"
    assert train.hovertemplate.startswith("%{y}<extra>&lt;b&gt;&#37;{y}&lt;/b&gt;&amp;")


def test_runs_that_have_not_begun_draw_empty_axes():
    figure = curves_figure(curves_info([run()], "loss", "seconds"), LABELS)
    assert figure.layout.xaxis.hoverformat == ".3~r"  # three digits: an epoch of 8 ms is not 0.0 s
    assert all(not any(y is not None for y in trace.y) for trace in figure.data)
    assert curves_figure(curves_info([], "loss", "seconds"), LABELS).data == ()


def test_a_figure_travels_as_plain_lists_of_traces_that_the_small_bundle_knows():
    message = json.loads(curves_figure(curves_info([run(steps=(step(1, 1.0),))], "loss", "epochs"), LABELS).to_json())
    assert {trace["type"] for trace in message["data"]} == {"scatter"}
    assert "bdata" not in json.dumps(message)


def test_the_plain_data_of_a_figure_hold_no_class_and_no_number_that_json_lacks():
    one = run(steps=(step(1, math.nan), step(2, 1.0)), epochs=(epoch(1, math.inf, None),), best_epoch=1)
    data = curves_data(curves_info([one], "loss", "epochs"), LABELS)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    train = next(trace for trace in data["data"] if trace["uid"] == "id-probe-train")
    assert (train["type"], train["x"], train["y"]) == ("scatter", [0.25, 0.5], [None, 1.0])


def test_the_figure_says_what_its_plain_data_say():
    one = run(steps=(step(1, 2.0), step(2, 1.0)), epochs=(epoch(1, 1.5, None),), best_epoch=1)
    info = curves_info([one], "loss", "epochs")
    figure, data = json.loads(curves_figure(info, LABELS).to_json(remove_uids=False)), curves_data(info, LABELS)
    assert json.loads(json.dumps(data)) == figure


def test_a_line_stands_where_the_second_phase_of_a_run_begins():
    two = run(epochs=(epoch(1, 1.5, 0.4), epoch(2, 1.2, 0.5), epoch(3, 1.0, 0.6)), head_epochs=2, n_epochs=4)
    baseline = run("scratch", "baseline", epochs=(epoch(1, 2.0, 0.1),), n_epochs=4)
    for x, place in (("epochs", 2.0), ("seconds", 4.0), ("images", 256.0)):
        info = curves_info([two, baseline], "accuracy", x)
        assert info.marks == (place,)
        (line,) = curves_figure(info, LABELS).layout.shapes
        assert (line.x0, line.x1, line.label.text) == (place, place, "blocks too")
    assert curves_info([run(head_epochs=2)], "accuracy", "epochs").marks == (2,)
    assert curves_info([run(head_epochs=2)], "accuracy", "seconds").marks == ()
    assert curves_figure(curves_info([baseline], "accuracy", "epochs"), LABELS).layout.shapes == ()


@pytest.mark.parametrize(
    ("accuracies", "place"), [((0.4, 0.5, 0.9), "start"), ((0.02, 0.03, 0.1), "end"), ((0.05, 0.5, 0.9), "end")]
)
def test_the_word_on_that_line_stands_where_curves_leave_more_room(accuracies, place):
    epochs = tuple(epoch(number, 1.0, accuracy) for number, accuracy in enumerate(accuracies, 1))
    (line,) = curves_figure(
        curves_info([run(epochs=epochs, head_epochs=1, n_epochs=4)], "accuracy", "epochs"), LABELS
    ).layout.shapes
    assert line.label.textposition == place


def test_while_a_run_grows_its_axis_already_reaches_to_the_last_epoch():
    def reach(*runs: RunCurve, x: str = "epochs"):
        return curves_figure(curves_info(runs, "loss", x), LABELS).layout.xaxis.range

    grown = run(epochs=(epoch(1, 1.5, 0.4),), n_epochs=10)
    assert reach(grown) == reach(run(n_epochs=10)) == (0, 10.3)
    assert reach(grown, x="seconds") is None
    assert reach(run(epochs=(epoch(1, 1.5, 0.4),))) is None
