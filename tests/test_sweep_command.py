"""`python -m tl_core sweep`: kinds and files, what is said, Ctrl-C and going on."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE_S

from tl_core.__main__ import main
from tl_core.commands import sweep as command
from tl_core.commands.output import Output
from tl_core.errors import InputError
from tl_core.experiments import own_answer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import sentence
from tl_core.paths import PROJECT
from tl_core.store.access import OPERATOR
from tl_core.store.records import ANY_SWEEP, SweepState, Visibility
from tl_core.store.sqlite.store import SqliteStore

OWN = """
seeds = 2
[base]
backbone = "squeezenet"
image_size = 64
per_class = 2
batch_size = 16
epochs = 2
[factors]
head_at = [2, 8]
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "cuts.toml"
    path.write_text(OWN)
    return path


# ---- what is asked ----


def test_a_file_has_options_factors_and_seeds_and_the_command_line_comes_first(file):
    asked = command.asked_sweep(str(file), {"epochs": 5}, None)
    assert (asked.kind, asked.seeds, asked.base["epochs"], asked.factors) == ("own", (0, 1), 5, ("head_at",))
    assert command.asked_sweep(str(file), {}, 3).seeds == (0, 1, 2)
    file.write_text(OWN.replace("seeds = 2", "seeds = [7, 3]"))
    assert command.asked_sweep(str(file), {}, None).seeds == (7, 3)


@pytest.mark.parametrize("kind", list(PRESETS))
def test_a_kind_is_asked_with_the_options_and_its_own_number_of_seeds(home, kind):
    asked = command.asked_sweep(kind, {"image_size": 64}, None)
    assert (asked.kind, len(asked.seeds)) == (kind, PRESETS[kind].n_seeds)
    assert {trial.spec.image_size for trial in asked.trials(home)} == {64}
    assert command.asked_sweep(kind, {}, 1).seeds == (0,)


@pytest.mark.parametrize(
    ("kind", "given"),
    [("source", {"dataset": "groceries"}), ("negative", {"per_class": 3}), ("depth", {"head_at": "block_2"})],
)
def test_an_option_that_a_kind_does_not_follow_is_refused(home, kind, given):
    with pytest.raises(InputError) as refused:
        command.asked_sweep(kind, given, 1)
    ((name, value),) = given.items()
    option = f"--{name.replace('_', '-')}"
    assert refused.value.code == "sweep_option_fixed"
    assert refused.value.values == {"kind": kind, "option": option, "received": str(value)}


@pytest.mark.parametrize("kind", list(PRESETS))
def test_what_a_kind_does_anyway_may_be_said(home, kind):
    spec = command.asked_sweep(kind, {}, 1).trials(home)[-1].spec
    given = {"dataset": spec.dataset, "backbone": spec.backbone, "image_size": spec.image_size}
    assert command.asked_sweep(kind, given, 1).kind == kind


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[factors", "sweep_file"),
        ("[factor]\nhead_at = [1]", "sweep_file_keys"),
        ("[base]\nepochs = 1", "sweep_file_form"),
        ("[factors]\nhead_at = 1", "sweep_file_form"),
        ("[factors]\nhead_at = [[1]]", "sweep_file_form"),
        ("seeds = 'x'\n[factors]\nhead_at = [1]", "sweep_file_form"),
        ("[factors]\nhead_at = []", "bad_sweep"),
        ("seeds = 0\n[factors]\nhead_at = [1]", "bad_sweep"),
    ],
)
def test_a_file_that_says_no_sweep_is_refused(file, text, code):
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        command.asked_sweep(str(file), {}, None)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["depth", "--resume", "0123456789"],
        ["--resume", "0123456789", "--epochs", "3"],
        ["--resume", "0123456789"],
        ["missing.toml"],
        ["depth", "--image-size", "7"],
        ["depth", "--seeds", "x"],
        ["depth", "--seed", "3"],
        ["depth", "--dataset", "nothing"],
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line_and_nothing_is_written(home, capsys, arguments):
    assert main(["sweep", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert not list((home / "runs").glob("*"))
    assert not list((home / "sweeps").glob("*"))


def test_an_unknown_option_in_a_file_is_said_in_one_line(home, file, capsys):
    file.write_text(OWN.replace("epochs", "epoch"))
    assert main(["sweep", str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_answer_is_the_sentence_of_the_preset_or_of_what_was_set_side_by_side(home):
    asked = command.asked_sweep("depth", {"backbone": "squeezenet"}, 3)
    rows = [{**levels, "state": "completed", "test_accuracy": 0.5} for levels in asked.levels()]
    answer = PRESETS["depth"].answer(rows)
    assert command._answer(asked, rows, Output(True, "en")) == sentence("depth", answer, "en")
    assert command._answer(asked, rows[:1], Output(True, "en")) is None
    own = command._answer(replace(asked, kind="own"), rows, Output(True, "en"))
    assert own == sentence("own", own_answer.answer(rows), "en")
    assert own.startswith("block: Nothing can be said")


# ---- what is trained ----


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
def test_a_sweep_says_each_trial_and_its_rows_and_the_same_again_trains_nothing(home, file, capsys):
    assert main(["sweep", str(file), "--json", "--name", "cuts"]) == 0
    first, *trials, last = events(capsys.readouterr().out)
    assert (first["event"], first["n_trials"], first["estimate_s"]) == ("sweep_started", 4, None)
    assert [one["event"] for one in trials] == ["trial_ended"] * 4
    levels = [{"head_at": at, "seed": seed} for seed in (0, 1) for at in (2, 8)]
    assert sorted(map(str, (one["factors"] for one in trials))) == sorted(map(str, levels))  # as they end
    assert last["event"] == "sweep_ended"
    found = {one["run_id"]: (one["factors"], one["test_accuracy"]) for one in trials}
    assert [found[row["run_id"]] for row in last["rows"]] == [
        (at, row["test_accuracy"]) for at, row in zip(levels, last["rows"], strict=True)
    ]
    assert last["answer"].startswith("Head position: ")
    with SqliteStore(home) as store:
        record = store.sweeps.get(first["sweep_id"])
        assert (record.name, record.state, record.visibility) == ("cuts", SweepState.COMPLETED, Visibility.CLASS)
        assert {run.visibility for run in store.list_runs(sweep=record.id)} == {Visibility.CLASS}
        assert store.list_runs() == []
    assert main(["sweep", str(file), "--private"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 4 + 1 + 4 + 1  # begun, trials, table, answer
    with SqliteStore(home) as store:
        second = store.sweeps.seen(by=OPERATOR)[0]
        copies = store.list_runs(sweep=second.id)
        assert {run.recorded_from for run in copies} == {row["run_id"] for row in last["rows"]}
        assert {run.visibility for run in copies} == {Visibility.PRIVATE}


@pytest.mark.slow
def test_ctrl_c_stops_a_sweep_which_goes_on_without_training_anything_twice(home, file, capsys):
    """Worth its half minute: the only real Ctrl-C, in a process that has to load and compile before it can come."""
    file.write_text(OWN.replace("seeds = 2", "seeds = 6"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tl_core", "sweep", str(file), "--json"],
        cwd=PROJECT,
        env={**os.environ, "TL_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "")
    first, *trials, last = events("".join(lines) + out)
    done = {one["run_id"] for one in trials}
    assert last["event"] == "sweep_ended"
    assert {row["run_id"] for row in last["rows"] if row["state"] == "completed"} == done
    assert len(done) < 12
    with SqliteStore(home) as store:
        assert store.sweeps.get(first["sweep_id"]).state is SweepState.STOPPED
        ended = {run.id: run.ended_at for run in store.list_runs(sweep=ANY_SWEEP) if run.id in done}
    assert main(["sweep", "--json", "--resume", first["sweep_id"][:8]]) == 0
    assert {row["state"] for row in events(capsys.readouterr().out)[-1]["rows"]} == {"completed"}
    with SqliteStore(home) as store:
        assert {id: store.get(id).ended_at for id in ended} == ended
        assert len(store.list_runs(sweep=first["sweep_id"])) == 12
