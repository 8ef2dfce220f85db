"""`python -m tl_core expect`: the table of what the defaults reach."""

import json
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tl_core.__main__ import main
from tl_core.commands import expect as command
from tl_core.planning.expectations import Trial, read
from tl_core.training.events import Ended

ROW = {"test_accuracy": 0.5, "validation_accuracy": 0.6, "best_epoch": 3, "seconds": 1.0}
SOME = ["--dataset=cifar10-small", "--backbone=squeezenet", "--seeds=1"]


@pytest.fixture
def trained(monkeypatch) -> list[Trial]:
    """Trains nothing; returns what would have been."""
    seen: list[Trial] = []
    monkeypatch.setattr(command, "_train", lambda trial: seen.append(trial) or ROW)
    return seen


def test_only_what_the_table_lacks_is_trained(trained, tmp_path, capsys):
    path = tmp_path / "table.csv"
    assert main(["expect", "-o", str(path), *SOME, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["n_frozen"] for row in rows] == [trial.n_frozen for trial in trained] == [9, 8, 6, 3, 0]
    assert {row["test_accuracy"] for row in rows} == {0.5}
    assert list(read(path)) == trained
    trained.clear()
    assert main(["expect", "-o", str(path), "--dataset=cifar10-small", "--backbone=squeezenet", "--seeds=2"]) == 0
    assert {trial.seed for trial in trained} == {1}


def test_what_is_broken_off_keeps_the_rows_that_were_measured(monkeypatch, tmp_path):
    path, left = tmp_path / "table.csv", iter([ROW, ROW])

    def break_off(trial: Trial) -> dict:
        found = next(left, None)
        if found is None:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(command, "_train", break_off)
    assert main(["expect", "-o", str(path), *SOME]) == 130
    assert [trial.n_frozen for trial in read(path)] == [9, 8]


def test_an_interrupt_in_the_midst_of_a_training_ends_the_command_and_writes_no_row(monkeypatch, tmp_path):
    def run() -> Iterator[Ended]:
        yield Ended("stopped", 1, 2.0)

    fake = SimpleNamespace(TrainingTask=lambda *given: SimpleNamespace(run=run))
    monkeypatch.setitem(sys.modules, "tl_core.engine.worker.tasks.train", fake)
    monkeypatch.setattr(command, "keras_environment", lambda home: {})
    path = tmp_path / "table.csv"
    assert main(["expect", "-o", str(path), *SOME]) == 130
    assert not path.exists()


@pytest.mark.parametrize(
    ("option", "received"),
    [
        ("--dataset", "fruit"),
        ("--backbone", "inception_v3"),
        ("--way", "best"),
        ("--seeds", "0"),
        ("--cuts", "0"),
        ("--seeds", "many"),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_written(trained, tmp_path, capsys, option, received):
    path = tmp_path / "table.csv"
    assert main(["expect", "-o", str(path), f"{option}={received}"]) == 2
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert received in said.err
    assert (trained, path.exists()) == ([], False)


@pytest.mark.slow
def test_a_row_is_a_real_training(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_HOME", str(tmp_path))
    row = command._train(Trial("default", "mnist-small", "squeezenet", 9, 0))
    assert 0.5 < row["test_accuracy"] < 1
    assert 1 <= row["best_epoch"] <= 5
