"""What may be said of the two orders on shifted pictures, from made-up scores."""

from tests.experiments.presets.made_up import rows
from tl_core.experiments.presets.shifted import compared, rates_of, shift_answers
from tl_core.experiments.sentence import sentence

ROWS = [
    *rows({1e-4: 0.6, 1e-3: 0.5}, "learning_rate", n_seeds=3, arm="head-first"),
    *rows({1e-4: 0.5}, "learning_rate", n_seeds=3, arm="at-once"),
]


def scored(clean: tuple, grey: tuple) -> list:
    """Returns the trials at one rate; each order scores as told on the two kinds, the second one .5 everywhere."""
    trials = [row for row in ROWS if row["learning_rate"] == 1e-4]
    kinds = {"clean": clean, "grey": grey}
    return [
        (row, {kind: 0.5 if row["arm"] == "at-once" else values[row["seed"]] for kind, values in kinds.items()})
        for row in trials
    ]


def test_a_rate_is_offered_where_both_orders_have_seeds():
    assert rates_of(ROWS) == (1e-4,)
    assert rates_of([row for row in ROWS if row["seed"] == 0]) == ()
    assert rates_of([row for row in ROWS if row["arm"] == "at-once"]) == ()


def test_each_kind_is_judged_by_its_own_interval_corrected_for_all():
    found = compared(scored((0.62, 0.63, 0.625), (0.4, 0.65, 0.6)), ("clean", "grey"))
    said = shift_answers(found, 1e-4)
    assert [one.code for one in said] == ["shift_better", "shift_noise"]
    assert "As they are: at 0.0001, training the head first is 12.5 points better" in sentence("rates", said[0], "en")
    assert "within noise here" in sentence("rates", said[1], "en")


def test_a_loss_is_said_above_nought():
    (clean, grey) = shift_answers(compared(scored((0.3, 0.31, 0.305), (0.5, 0.5, 0.5)), ("clean", "grey")), 1e-4)
    assert (clean.code, clean.values["difference"] > 0) == ("shift_worse", True)
    assert grey.code == "shift_noise"
