"""Programs against the runs that they were written for: each is executed where this project is not known.

What is trained with exact arithmetic is the same where only the head learns: every loss of the curve within 1e-5, every
accuracy to the picture. Where blocks are trained, too, rounding grows with every step: there the test
accuracies lie within a point of each other, on average over three seeds.
"""

import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from programs import Ran, Trained, outside, run, train, unpacked
from specs import HEAD_ONLY, OFFERED, RECIPES, SMALL, TUNED, drawn_of_bundled

from tl_core.engine.worker.device import prepare
from tl_core.models.catalog import backbones
from tl_core.models.weights import BUNDLED
from tl_core.planning.plan import is_head_only, plan_run
from tl_core.spec import RunSpec

pytestmark = [pytest.mark.slow]
DRAWN = drawn_of_bundled(20, seed=15)
WHOLE = {f"whole {id}": plan_run({**SMALL, "backbone": id}) for id in BUNDLED if id in backbones()}
EQUAL = {**RECIPES, **OFFERED, **WHOLE}


@pytest.fixture(scope="module", autouse=True)
def keras_is_set_up():
    prepare()


def both(spec: RunSpec, folder: Path) -> tuple[Trained, Ran]:
    """Trains a run, and by its program."""
    trained = train(folder / "home", spec)
    return trained, run(unpacked(trained.source, folder))


def check_same(trained: Trained, ran: Ran) -> None:
    """Holds what is promised where only the head learns."""
    mine, theirs = trained.curve(), ran.curve
    assert mine.shape == theirs.shape
    # losses; a network that diverges has some of 20,000, of which float32 keeps no five decimals
    assert np.allclose(mine[:, [0, 2]], theirs[:, [0, 2]], rtol=1e-7, atol=1e-5, equal_nan=True)
    assert np.allclose(mine[:, [1, 3]], theirs[:, [1, 3]], rtol=0, atol=1e-6)  # accuracies: less than a picture
    assert abs(trained.record.test_accuracy - ran.test_accuracy) < 1e-5  # as it is printed


def test_a_program_trains_the_very_network_of_its_run(tmp_path):
    trained, ran = both(HEAD_ONLY, tmp_path)
    assert len(ran.curve) == 2
    check_same(trained, ran)


@pytest.mark.full
@pytest.mark.parametrize("spec", EQUAL.values(), ids=list(EQUAL))
def test_so_does_that_of_every_recipe_and_backbone(spec, tmp_path):
    check_same(*both(spec, tmp_path))


@pytest.mark.full
@pytest.mark.parametrize("spec", TUNED.values(), ids=list(TUNED))
def test_where_blocks_are_trained_three_seeds_reach_the_same_to_a_point(spec, tmp_path):
    points = []
    for seed in range(3):
        trained, ran = both(spec.with_changes(seed=seed), tmp_path / str(seed))
        points.append(100 * (trained.record.test_accuracy - ran.test_accuracy))
    assert abs(np.mean(points)) <= 1


@pytest.mark.full
@pytest.mark.parametrize("spec", DRAWN, ids=[f"{at} {spec.backbone}" for at, spec in enumerate(DRAWN)])
def test_so_do_the_programs_of_specs_drawn_at_random(spec, tmp_path):
    trained, ran = both(spec, tmp_path)
    if is_head_only(spec) and spec.weights == "pretrained":
        check_same(trained, ran)
    else:
        assert abs(trained.record.test_accuracy - ran.test_accuracy) <= 0.01


@pytest.mark.full
@pytest.mark.processes
def test_a_notebook_runs_from_its_first_to_its_last_cell_and_trains_the_same(tmp_path, monkeypatch):
    trained = train(tmp_path / "home", HEAD_ONLY)
    folder = unpacked(trained.source, tmp_path, "notebook")
    for name in set(os.environ) - set(outside()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    book = nbformat.read(folder / "train.ipynb", as_version=4)
    NotebookClient(book, timeout=None, resources={"metadata": {"path": str(folder)}}).execute()
    printed = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", ()))
    assert f"accuracy {trained.record.test_accuracy:.5f}" in printed
    curve = np.loadtxt(folder / "history.csv", delimiter=",", skiprows=1, ndmin=2)
    assert np.abs(curve - trained.curve()).max() < 1e-5
