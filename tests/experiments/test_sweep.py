"""Cells and seeds become trials in an order; what is no sweep is refused."""

import json

import pytest

from tl_core.errors import InputError, SpecError
from tl_core.experiments.sweep import MOST_SEEDS, Cell, Sweep, grid
from tl_core.planning.plan import plan_run

BASE = {"dataset": "groceries", "backbone": "mobilenet_v2", "freeze": "all"}
CELLS = tuple(Cell({"block": name}, {"head_at": name}) for name in ("block_1", "block_2"))


def test_the_whole_curve_comes_before_the_second_seed():
    trials = Sweep("depth", BASE, CELLS, (3, 4)).trials()
    assert [tuple(trial.factors.values()) for trial in trials] == [
        ("block_1", 3),
        ("block_2", 3),
        ("block_1", 4),
        ("block_2", 4),
    ]
    assert trials[2].spec == plan_run({**BASE, "head_at": "block_1", "seed": 4})


def test_a_grid_has_all_combinations_with_the_last_factor_fastest():
    cells = grid({"per_class": [1, 5], "head": ["linear", "dense"]})
    assert [tuple(cell.factors.values()) for cell in cells] == [
        (1, "linear"),
        (1, "dense"),
        (5, "linear"),
        (5, "dense"),
    ]
    assert all(cell.factors == cell.options for cell in cells)
    assert Sweep("own", BASE, cells, (0,)).factors == ("per_class", "head")


def test_more_seeds_keep_those_that_are_there_and_fewer_the_first():
    sweep = Sweep("own", BASE, CELLS, (5, 1))
    assert sweep.with_seeds(4).seeds == (5, 1, 0, 2)
    assert sweep.with_seeds(1).seeds == (5,)


def test_a_sweep_comes_back_from_json_as_it_was():
    sweep = Sweep("depth", BASE, CELLS, (0, 1, 2))
    assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep


def test_what_was_predicted_stays_with_a_sweep_and_with_more_seeds_of_it():
    sweep = Sweep("depth", BASE, CELLS, (0,), prediction="rises")
    assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))).prediction == "rises"
    assert sweep.with_seeds(2).prediction == "rises"


@pytest.mark.parametrize(
    ("cells", "seeds"),
    [
        ((), (0,)),
        (CELLS, ()),
        (CELLS, (0, 0)),
        (CELLS, range(MOST_SEEDS + 1)),
        ((CELLS[0], CELLS[0]), (0,)),
        ((CELLS[0], Cell({"per_class": 1}, {})), (0,)),
        ((Cell({"seed": 1}, {}),), (0,)),
        (tuple(Cell({"per_class": n}, {}) for n in range(501)), (0,)),
    ],
)
def test_what_is_no_sweep_is_refused_with_what_is_allowed(cells, seeds):
    with pytest.raises(InputError) as refused:
        Sweep("own", BASE, tuple(cells), tuple(seeds))
    assert refused.value.code == "bad_sweep"
    assert refused.value.values["most_trials"] == 500


@pytest.mark.parametrize("data", [{}, {"kind": "own"}, {"kind": "own", "base": 1, "cells": [3], "seeds": []}])
def test_what_is_not_even_the_plain_form_of_one_is_refused_likewise(data):
    with pytest.raises(InputError) as refused:
        Sweep.from_dict(data)
    assert refused.value.code == "bad_sweep"


def test_a_trial_that_cannot_be_run_says_why():
    with pytest.raises(SpecError) as refused:
        Sweep("own", BASE, grid({"epochs": [5, 0]}), (0,)).trials()
    assert refused.value.values["field"] == "epochs"


def test_a_sketch_is_kept_and_a_record_without_one_is_read():
    sweep = Sweep("own", {}, grid({"epochs": (1, 2, 3)}), (0,), sketch=((1, 0.2), (2, 0.4), (3, 0.5)))
    assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep
    told = sweep.to_dict()
    del told["sketch"]
    assert Sweep.from_dict(told).sketch == ()
    with pytest.raises(InputError):
        Sweep.from_dict({**told, "sketch": [[1, "high"]]})


def test_what_cells_set_for_themselves_is_varied_whatever_the_factors_are_called():
    sweep = Sweep("own", {"epochs": 1}, (Cell({"arm": "small"}, {"image_size": 32}), Cell({"arm": "usual"}, {})), (0,))
    assert sweep.varied == {"arm", "image_size"}
