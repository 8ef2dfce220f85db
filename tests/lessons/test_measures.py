"""What the runs of a mission say, and how a prediction fares against it, on numbers made up by hand."""

from dataclasses import replace

import pytest

from tl_core.lessons.judge import judge
from tl_core.lessons.measures import Result, measured, ties, unit
from tl_core.lessons.mission import NOISE, Measure, Mission, Step
from tl_core.store.records import EpochRecord, RunRecord, RunState

N = 400
MISSION = Mission("m", 5, 1, {}, {"depth": {"kind": "depth"}}, {}, ())


def result(right: int, *, seconds: float = 1.0, state: RunState = RunState.COMPLETED, changed=(), **more) -> Result:
    """A run that has the first so many of 400 test pictures right."""
    scores = {"accuracy": right / N, "interval": [0.0, 1.0], "right": "1" * right + "0" * (N - right)}
    proof = [{"block": name, "frozen": False, "changed": is_changed} for name, is_changed in changed]
    record = RunRecord(
        **{
            **dict.fromkeys(RunRecord.__dataclass_fields__),
            "id": "0" * 32,
            "state": state,
            "test_accuracy": right / N,
            "scores": scores,
            "seconds": seconds,
            "proof": proof,
            **more,
        }
    )
    epochs = [
        EpochRecord(n, 1.0, 0.5 + n / 10, 1.0, 0.4 + n / 10, 2.0 * n, 2.0 * n, n, n, is_best=False) for n in (1, 2, 3)
    ]
    return Result(record, epochs)


def say(measure: Measure, **results: Result):
    return measured(measure, results, MISSION, {})


@pytest.mark.parametrize(
    ("of", "value"),
    [
        ("test_accuracy", 0.5),
        ("val_accuracy", 0.7),
        ("first_val_accuracy", 0.5),
        ("train_accuracy", 0.8),
        ("seconds", 3.0),
        ("epoch_s", 5.0),
        ("changed_blocks", 1.0),
    ],
)
def test_a_value_is_what_the_record_says(of, value):
    one = result(200, seconds=3.0, changed=[("stem", False), ("top", True), ("head", True)])
    assert say(Measure("x", "value", ("a",), of), a=one) == pytest.approx(value)


def test_nothing_is_said_of_what_is_not_over_or_not_there():
    for measure in (Measure("x", "value", ("a",)), Measure("x", "best", ("a", "b")), Measure("x", "curve", ("a", "b"))):
        assert say(measure, b=result(100)) is None
        assert say(measure, a=result(100, state=RunState.RUNNING), b=result(100)) is None
        assert say(measure, a=result(100, state=RunState.STOPPED), b=result(100)) is None


def test_the_best_is_named_only_where_chance_cannot_have_done_it():
    best = Measure("x", "best", ("a", "b", "c"))
    assert say(best, a=result(200), b=result(260), c=result(100)) == "b"
    assert say(best, a=result(258), b=result(260), c=result(100)) == NOISE


def test_times_that_differ_by_little_are_noise_too():
    quickest = Measure("x", "best", ("a", "b"), "seconds", is_lowest=True)
    assert say(quickest, a=result(1, seconds=1.0), b=result(1, seconds=1.05)) == NOISE
    assert say(quickest, a=result(1, seconds=1.0), b=result(1, seconds=1.2)) == "a"


def test_validation_accuracies_that_differ_by_little_are_noise_too():
    higher = Measure("x", "best", ("a", "b"), "val_accuracy")
    a, b = result(1), result(1)
    close = Result(b.record, [replace(epoch, val_accuracy=epoch.val_accuracy + 0.03) for epoch in b.epochs])
    far = Result(b.record, [replace(epoch, val_accuracy=epoch.val_accuracy + 0.2) for epoch in b.epochs])
    assert say(higher, a=a, b=close) == NOISE
    assert say(higher, a=a, b=far) == "b"


def test_differences_ratios_orders_and_curves():
    runs = {"a": result(300, seconds=6.0), "b": result(200, seconds=2.0)}
    assert say(Measure("x", "difference", ("a", "b")), **runs) == pytest.approx(0.25)
    assert say(Measure("x", "ratio", ("a", "b"), "seconds"), **runs) == pytest.approx(3.0)
    assert say(Measure("x", "order", ("b", "a")), **runs) == ["a", "b"]
    assert say(Measure("x", "order", ("a", "b"), "seconds", is_lowest=True), **runs) == ["b", "a"]
    assert say(Measure("x", "curve", ("a", "b")), **runs) == {"a": 0.75, "b": 0.5}


def test_a_sweep_says_what_its_preset_says():
    rows = [
        {"block": block, "seed": seed, "run_id": "", "test_accuracy": accuracy + (seed * len(block)) / 1000}
        for seed in range(3)
        for block, accuracy in (("stem", 0.3), ("middle", 0.8), ("top", 0.6))
    ]
    measure = Measure("x", "sweep", sweep="depth")
    assert measured(measure, {}, MISSION, {"depth": rows}) == "inside"
    assert measured(measure, {}, MISSION, {}) is None


@pytest.mark.parametrize(
    ("kind", "of", "named"),
    [
        ("value", "test_accuracy", "share"),
        ("difference", "test_accuracy", "points"),
        ("difference", "seconds", "seconds"),
        ("ratio", "seconds", "times"),
        ("value", "changed_blocks", "count"),
        ("best", "seconds", "word"),
    ],
)
def test_every_number_has_its_unit(kind, of, named):
    assert unit(Measure("x", kind, ("a", "b"), of)) == named


def predict(form: str, tolerance: float = 0.0) -> Step:
    return Step("s", "predict", form, "x", tolerance)


def test_a_word_is_right_or_not_and_a_number_may_lie_a_little_away():
    assert judge(predict("choice"), "a", "a").is_right
    assert not judge(predict("choice"), "a", NOISE).is_right
    close, far = judge(predict("number", 0.1), 0.3, 0.4), judge(predict("number", 0.1), 0.3, 0.41)
    assert (close.is_right, far.is_right) == (True, False)
    assert far.distance == pytest.approx(0.11)
    assert judge(predict("number"), 0.3, None) is None


def test_of_an_order_the_pairs_are_counted_and_those_of_chance_are_right_either_way():
    runs = {"a": result(300), "b": result(298), "c": result(100)}
    measure = Measure("x", "order", ("a", "b", "c"))
    found = judge(predict("order"), ["b", "a", "c"], say(measure, **runs), ties(measure, runs))
    assert (found.is_right, found.n_right, found.n_pairs) == (True, 3, 3)
    found = judge(predict("order"), ["c", "b", "a"], say(measure, **runs), ties(measure, runs))
    assert (found.is_right, found.n_right) == (False, 1)


def test_a_sketch_is_judged_by_its_mean_distance():
    found = judge(predict("sketch", 0.1), {"a": 0.5, "b": 0.9}, {"a": 0.6, "b": 0.7})
    assert found.distance == pytest.approx(0.15)
    assert not found.is_right
