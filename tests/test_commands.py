"""The command line: cheap commands in this process, trainings and signals in processes of their own."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from patience import PATIENCE_S
from rich.cells import cell_len

from tests.datasets.images.hostile_images import png
from tl_core.__main__ import main
from tl_core.commands.output import Output
from tl_core.datasets.catalog import DATASETS
from tl_core.disk.files import OUTPUTS_FILE
from tl_core.disk.locks import ServerLock
from tl_core.engine.inline import interruptible
from tl_core.models.catalog import backbones
from tl_core.paths import ASSETS, PROJECT
from tl_core.store.instructor.links import ASKED, use_link

SAMPLES = ASSETS / "samples"
CAT, ORANGE = str(SAMPLES / "cat_1.jpg"), str(SAMPLES / "orange_1.jpg")
TINY = ("--dataset=groceries", "--backbone=squeezenet", "--image-size=64", "--per-class=2", "--batch-size=16")
EPOCH_KEYS = ["event", "run_id", "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds"]
ENDED_KEYS = ["event", "run_id", "state", "best_epoch", "test_accuracy", "seconds"]
STARTED_KEYS = ["event", "run_id", "role", "frozen_params", "trainable_params", "cached"]


def environment(home: Path, user: Path) -> dict[str, str]:
    """A process environment with empty home and data folders, as on a machine that has never seen this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "KERAS_", "TF_"))}
    return {**kept, "TL_HOME": str(home), "HOME": str(user)}


def command(house: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tl_core", *arguments],
        cwd=PROJECT,
        env=environment(house / "data", house / "user"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def events(text: str) -> list[dict]:
    """Reads standard output that must hold nothing but JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def called(capsys, *arguments: str) -> tuple[int, str, str]:
    """Runs a command in this process: exit status, standard output, standard error."""
    capsys.readouterr()
    return main(arguments), *capsys.readouterr()


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A data folder and an empty user folder."""
    made = tmp_path_factory.mktemp("house")
    (made / "user").mkdir()
    return made


@pytest.fixture(scope="module")
def trained(house) -> list[dict]:
    """The events of a run and its baseline."""
    done = command(house, "train", "--json", *TINY, "--freeze=all", "--epochs=2", "--seed=3", "--baseline")
    assert (done.returncode, done.stderr) == (0, "")
    return events(done.stdout)


def run_id(trained: Sequence[dict]) -> str:
    return trained[0]["run_id"]


# ---- the way back to the instructor's desk ----


def test_a_link_for_the_instructor_is_printed_also_while_a_server_has_the_data_folder(home, capsys):
    with closing(ServerLock(home)):
        status, out, err = called(capsys, "admit", "--json", "--address", "https://lab.example/")
    told = json.loads(out)
    assert (status, err, list(told)) == (0, "", ["link", "expires_at"])
    assert told["link"].startswith("https://lab.example/classroom?admit=")
    assert datetime.fromisoformat(told["expires_at"]).tzinfo == UTC
    status, out, err = called(capsys, "admit")
    assert (status, err, len(out.splitlines())) == (0, "", 2)
    (code,) = parse_qs(urlsplit(out.splitlines()[1]).query)[ASKED]
    assert [use_link(home, code) for _ in range(2)] == [True, False]


# ---- listing ----


def test_datasets_are_listed_as_promised(home, capsys):
    status, out, err = called(capsys, "datasets", "--json")
    rows = json.loads(out)
    assert (status, err) == (0, "")
    assert [row["id"] for row in rows] == list(DATASETS)
    keys = ["id", "name", "classes", "n_train", "n_validation", "n_test", "source", "licence", "available"]
    assert all(list(row) == keys for row in rows)
    assert {row["id"]: row["available"] for row in rows} == {
        id: info.origin == "bundled" for id, info in DATASETS.items()
    }


def test_backbones_are_listed_with_blocks_that_add_up(home, capsys):
    status, out, err = called(capsys, "backbones", "--json")
    rows = json.loads(out)
    assert (status, err) == (0, "")
    assert [row["id"] for row in rows] == list(backbones())
    for row in rows:
        assert list(row) == ["id", "family", "params", "image_size", "blocks", "weights"]
        assert row["params"] == sum(block["params"] for block in row["blocks"])
        assert all(list(block) == ["name", "n_layers", "params"] for block in row["blocks"])
        assert [weights["id"] for weights in row["weights"]] == ["pretrained", "random"]
    bundled = {row["id"] for row in rows if row["weights"][0]["available"]}
    assert bundled == {"mobilenet_v2", "efficientnet_lite0", "squeezenet", "vgg16", "resnet50"}


@pytest.mark.parametrize("name", ["datasets", "backbones"])
def test_people_get_a_table_with_a_line_for_each(home, capsys, name):
    status, out, err = called(capsys, name)
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 1 + len(DATASETS if name == "datasets" else backbones())
    assert out.splitlines()[0].startswith("id ")


def test_columns_with_chinese_in_them_stand_under_each_other(capsys):
    rows = [{"id": "a", "name": "苹果和梨", "n": 1}, {"id": "bb", "name": "[cat]", "n": 20}]
    Output(False, "zh").table(rows, ("id", "name", "n"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:2]] == [["id", "name", "n"], ["a", "苹果和梨", "1"]]
    assert "[cat]" in lines[2]
    assert len({cell_len(line[: line.rindex(last)]) for line, last in zip(lines, "n12", strict=True)}) == 1


def test_a_long_table_is_not_broken_where_it_goes_into_a_file(capsys):
    Output(False, "en").table([{"id": "x" * 300, "name": "y" * 300}], ("id", "name"))
    assert len(capsys.readouterr().out.splitlines()) == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_that_goes_away_and_a_pipe_sees_none(monkeypatch):
    for stream, expected in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        with closing(Output(False, "en")) as output:
            output.progress("epoch 1 of [2]", 0.5)
            output.clear_progress()
            output.progress("epoch 2 of [2]", 0.25)
        seen = stream.getvalue()
        assert ("epoch 1 of [2]" in seen, "epoch 2 of [2]" in seen, "━" in seen) == (expected,) * 3
        assert ("\x1b[?25h" in seen) == expected  # the cursor is back


def test_without_runs_the_list_is_empty(home, capsys):
    assert called(capsys, "runs", "--json") == (0, "[]\n", "")


def test_listing_loads_neither_keras_nor_tensorflow(home):
    code = "import sys; from tl_core.__main__ import main; main(['datasets']); main(['backbones']); main(['runs']);"
    code += "print(sorted({'keras', 'tensorflow', 'streamlit'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("[]", "")


# ---- training ----


@pytest.mark.slow
def test_a_run_and_its_baseline_say_what_is_promised_in_order(trained):
    assert [event["event"] for event in trained] == ["run_started", "epoch", "epoch", "run_ended"] * 2
    run, twin = trained[:4], trained[4:]
    for part, role in ((run, "run"), (twin, "baseline")):
        assert list(part[0]) == STARTED_KEYS
        assert (part[0]["role"], len({event["run_id"] for event in part})) == (role, 1)
        assert [list(event) for event in part[1:3]] == [EPOCH_KEYS] * 2
        assert [event["epoch"] for event in part[1:3]] == [1, 2]
        assert list(part[3]) == ENDED_KEYS
        assert part[3]["state"] == "completed"
        assert 0 <= part[3]["test_accuracy"] <= 1
    assert (run[0]["cached"], twin[0]["cached"]) == (True, False)
    assert (run[0]["frozen_params"], twin[0]["frozen_params"]) == (backbones()["squeezenet"].params, 0)
    assert run[0]["trainable_params"] == (512 + 1) * 14  # the linear head
    assert twin[0]["trainable_params"] == run[0]["frozen_params"] + run[0]["trainable_params"]


@pytest.mark.slow
def test_the_list_and_the_record_hold_the_pair(house, trained):
    pair = {event["run_id"] for event in trained}
    listed = [row for row in json.loads(command(house, "runs", "--json").stdout) if row["id"] in pair]
    twin, run = listed  # newest first
    assert (run["id"], run["role"], run["state"]) == (run_id(trained), "run", "completed")
    assert (twin["role"], twin["twin_id"], run["twin_id"]) == ("baseline", run["id"], twin["id"])
    shown = json.loads(command(house, "show", "--json", run["id"][:8]).stdout)
    assert shown["id"] == run["id"]
    assert (shown["spec"]["seed"], shown["spec"]["n_frozen"]) == (3, 9)
    assert shown["environment"]["threads"] >= 1
    assert [epoch["val_loss"] for epoch in shown["epochs"]] == [event["val_loss"] for event in trained[1:3]]
    assert shown["test_accuracy"] == trained[3]["test_accuracy"] == shown["scores"]["accuracy"]


@pytest.mark.slow
def test_people_see_a_run_and_the_list(house, trained):
    listed, shown = command(house, "runs"), command(house, "show", run_id(trained))
    assert (listed.returncode, listed.stderr) == (0, "")
    pair = {event["run_id"] for event in trained}
    assert len([line for line in listed.stdout.splitlines() if line.split(" ")[0] in pair]) == 2
    assert (shown.returncode, shown.stderr) == (0, "")
    assert run_id(trained) in shown.stdout


@pytest.mark.slow
def test_nothing_is_written_outside_the_data_folder(house, trained):
    assert list((house / "user").rglob("*")) == []
    assert {path.name for path in house.iterdir()} == {"user", "data"}
    assert list((house / "data").rglob("*.tmp")) == []


# ---- classifying ----


@pytest.mark.slow
def test_a_bad_picture_among_good_ones_stops_none_of_them(house, trained, tmp_path):
    text, missing = tmp_path / "text.png", tmp_path / "missing.png"
    text.write_text("no picture")
    files = [CAT, str(text), ORANGE, str(missing), str(tmp_path)]
    done = command(house, "classify", "--json", run_id(trained), *files)
    rows = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["image"] for row in rows] == files
    assert [row["error"] is None for row in rows] == [True, False, True, False, False]
    for row in rows:
        assert list(row) == ["image", "predictions", "error", "notes"]
        assert len(row["predictions"]) == (14 if row["error"] is None else 0)
    shares = [prediction["probability"] for prediction in rows[0]["predictions"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert "text.png" in rows[1]["error"]


@pytest.mark.slow
def test_the_untouched_backbone_gives_its_five_best_labels(house):
    done = command(house, "classify", "--json", "backbone:mobilenet_v2", CAT)
    (row,) = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(row["predictions"]) == 5
    assert "cat" in row["predictions"][0]["class"]


@pytest.mark.slow
def test_people_get_bars_and_read_what_was_wrong(home, capsys, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    status, out, err = called(capsys, "classify", "backbone:squeezenet", CAT, str(tmp_path / "text.png"))
    assert (status, err) == (0, "")
    assert "█" in out
    assert "text.png” is not a picture" in out


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_only_bad_pictures_are_bad_input_with_one_line(home, capsys, tmp_path, arguments):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bomb.png").write_bytes(png(60_000, 60_000, 1, 0, b""))
    files = [str(tmp_path / "text.png"), str(tmp_path / "bomb.png")]
    status, out, err = called(capsys, "classify", *arguments, "backbone:squeezenet", *files)
    assert (status, len(err.splitlines())) == (2, 1)
    assert "text.png" in err
    if arguments:
        assert [row["image"] for row in json.loads(out)] == files
        assert "60000 × 60000" in json.loads(out)[1]["error"]


# ---- bad input ----

BAD_TRAININGS = {
    "--dataset=nothing": "groceries",
    "--backbone=nothing": "squeezenet",
    "--backbone=a\nb": "squeezenet",
    "--freeze=99": "9",
    "--freeze=-1": "9",
    "--freeze=foo": "fire",
    "--freeze-also=99": "fire",
    "--epochs=0": "500",
    "--epochs=many": "500",
    "--batch-size=99": "28",
    "--batch-size=1": "512",
    "--image-size=16": "32",
    "--learning-rate=nan": "10.0",
    "--learning-rate=-1": "10.0",
    "--learning-rate=abc": "10.0",
    "--learning-rate=1e999": "10.0",
    "--optimizer=lion": "adam",
    "--head=deep": "flatten-dense",
    "--weights=best": "random",
    "--augment=strong": "light",
    "--schedule=linear": "cosine",
    "--svm-c=0": "1000.0",
    "--logistic-c=0": "1000.0",
    "--decay=-1": "10.0",
    "--decay-factor=2": "1.0",
    "--decay-epochs=0": "500",
    "--block-rate-factor=0.5": "100.0",
    "--unfreeze-every=-1": "500",
    "--dropout=1": "0.9",
    "--per-class=0": "10000",
    "--seed=-1": "2147483647",
    "--nonsense=1": "--freeze",
}


def is_one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and len(text) > 10


@pytest.mark.parametrize("option", BAD_TRAININGS)
def test_a_training_that_cannot_be_is_refused_in_one_line_and_nothing_is_written(home, capsys, option):
    status, out, err = called(capsys, "train", "--json", *TINY, option)
    received = option.partition("=")[2].replace("\n", " ")
    assert (status, out) == (2, "")
    assert is_one_line(err)
    assert received in err
    assert BAD_TRAININGS[option] in err
    assert list(home.rglob("*")) == []


def test_a_picture_size_below_what_the_backbone_takes_is_refused(home, capsys):
    status, out, err = called(capsys, "train", "--backbone=inception_v3", "--image-size=74")
    assert (status, out) == (2, "")
    assert is_one_line(err)
    assert "74" in err
    assert "75" in err
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frob"],
        ["--json"],
        ["show"],
        ["classify", "backbone:squeezenet"],
        ["datasets", "more"],
        ["train", "--epochs"],
        ["classify", "backbone:nothing", CAT],
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_is_refused_in_one_line(home, capsys, arguments):
    status, out, err = called(capsys, *arguments)
    assert (status, out) == (2, "")
    assert is_one_line(err)
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("received", ["0" * 32, "../../etc/passwd", "1 OR 1=1", "%2e%2e", ""])
@pytest.mark.parametrize("arguments", [["show", "{}"], ["classify", "{}", CAT], ["train", "--resume", "{}"]], ids=str)
def test_an_unknown_run_is_refused_in_one_line_and_leaves_no_run(home, capsys, arguments, received):
    status, out, err = called(capsys, *[argument.format(received) for argument in arguments])
    assert (status, out) == (2, "")
    assert is_one_line(err)
    assert received in err
    assert list((home / "runs").iterdir()) == []
    assert called(capsys, "runs", "--json") == (0, "[]\n", "")


@pytest.mark.slow
@pytest.mark.full  # tests/engine/worker/tasks/test_train.py holds it for one run
def test_a_completed_pair_goes_on_for_more_epochs_and_equals_one_that_was_asked_for_so_many(home, capsys):
    options = (*TINY, "--image-size=32", "--per-class=4", "--freeze=8", "--baseline")
    one, two = ["--epochs=1"], ["--epochs=2"]
    first = events(called(capsys, "train", "--json", *options, *one)[1])
    ids = [event["run_id"] for event in first if event["event"] == "run_started"]
    status, out, err = called(capsys, "train", "--json", "--resume", ids[0], *options[:-1], *two)
    assert (status, err) == (0, "")
    after = events(out)
    whole = events(called(capsys, "train", "--json", *options, *two)[1])
    assert [event["run_id"] for event in after if event["event"] == "run_started"] == ids
    for index, id in enumerate(ids):
        shown = json.loads(called(capsys, "show", "--json", id)[1])
        other = [event["run_id"] for event in whole if event["event"] == "run_started"][index]
        like = json.loads(called(capsys, "show", "--json", other)[1])
        assert (shown["state"], shown["test_accuracy"]) == ("completed", like["test_accuracy"])
        losses = [[epoch["train_loss"] for epoch in run["epochs"]] for run in (shown, like)]
        assert losses[0] == losses[1]
        assert [before["epochs"] for before in shown["earlier"]] == [shown["spec"]["epochs"] - 1]
    status, out, err = called(capsys, "train", "--resume", ids[0], *two)
    assert (status, out, is_one_line(err)) == (2, "", True)
    assert "2" in err


@pytest.mark.slow
def test_a_finished_run_is_scored_on_any_split(house, trained, monkeypatch, capsys):
    monkeypatch.setenv("TL_HOME", str(house / "data"))
    shown = json.loads(called(capsys, "show", "--json", run_id(trained))[1])
    rows = {}
    for split in ("train", "validation", "test"):
        status, out, err = called(capsys, "evaluate", "--json", run_id(trained), "--split", split)
        assert (status, err) == (0, "")
        rows[split] = json.loads(out)
    best = next(epoch for epoch in shown["epochs"] if epoch["is_best"] and epoch["epoch"] == shown["best_epoch"])
    assert rows["test"]["accuracy"] == shown["test_accuracy"]
    assert rows["validation"]["accuracy"] == pytest.approx(best["val_accuracy"], abs=1.5 / rows["validation"]["n"])
    assert rows["train"]["n"] == 28
    status, out, err = called(capsys, "evaluate", run_id(trained), "--split", "train")
    assert (status, err) == (0, "")
    assert f"{rows['train']['accuracy']:.4f}" in out
    status, out, err = called(capsys, "evaluate", run_id(trained), "--split", "dev")
    assert (status, out, is_one_line(err)) == (2, "", True)
    assert "validation" in err


@pytest.mark.slow
def test_a_finished_run_is_asked_what_it_got_wrong_also_when_it_kept_nothing(house, trained, monkeypatch, capsys):
    monkeypatch.setenv("TL_HOME", str(house / "data"))
    id = run_id(trained)
    shown = json.loads(called(capsys, "show", "--json", id)[1])
    status, out, err = called(capsys, "insight", "--json", id)
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["runs"], told["part"], told["accuracy"]) == ([id], "errors", shown["test_accuracy"])
    assert told["confusion"] == shown["scores"]["confusion"]
    (house / "data" / "runs" / id / OUTPUTS_FILE).unlink()
    status, out, err = called(capsys, "insight", "--json", id)
    assert (status, err, json.loads(out)["confusion"]) == (0, "", told["confusion"])
    status, out, err = called(capsys, "insight", id)
    assert (status, err) == (0, "")
    assert f"{told['accuracy']:.4f}" in out
    for wrong in (["--part", "luck"], ["--with", id], ["--set", "k=3"]):
        status, out, err = called(capsys, "insight", id, *wrong)
        assert (status, out, is_one_line(err)) == (2, "", True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "asked", "named"),
    [
        ("moved", ["--set", "n=16"], {"block", "frozen", "relative_change", "cka"}),
        ("features", ["--set", "n=100"], {"runs", "when", "points"}),
        ("explain", [], {"method", "target", "predicted", "cells"}),
    ],
)
def test_a_finished_run_is_asked_what_needs_its_network(house, trained, monkeypatch, capsys, part, asked, named):
    monkeypatch.setenv("TL_HOME", str(house / "data"))
    status, out, err = called(capsys, "insight", "--json", run_id(trained), "--part", part, *asked)
    told = json.loads(out)
    (rows,) = (told[name] for name in ("blocks", "spaces", "maps") if name in told)
    assert (status, err, told["part"]) == (0, "", part)
    assert all(named <= set(row) for row in rows)


@pytest.mark.slow
def test_a_finished_run_cannot_be_resumed(house, trained):
    done = command(house, "train", "--resume", run_id(trained))
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line(done.stderr)
    assert "completed" in done.stderr


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TL_HOME", str(tmp_path / "file" / "data"))
    status, out, err = called(capsys, "runs")
    assert (status, out) == (1, "")
    assert is_one_line(err)
    assert str(tmp_path) in err


def test_a_chinese_shell_is_answered_in_chinese(home, capsys, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    status, _, err = called(capsys, "train", "--freeze=99")
    assert (status, is_one_line(err)) == (2, True)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in err)


# ---- interrupting ----


def interrupted(house: Path, *arguments: str) -> tuple[int, list[dict], str]:
    """Starts a training, presses Ctrl-C after its first epoch: exit status, events, standard error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tl_core", "train", "--json", *arguments],
        cwd=PROJECT,
        env=environment(house / "data", house / "user"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, events("".join(lines) + out), err


@pytest.mark.slow
def test_an_interrupted_run_is_stopped_with_its_best_weights_and_can_be_resumed(house, monkeypatch, capsys):
    """Worth its twenty seconds: the only real Ctrl-C, in a process that has to load and compile before it can come."""
    options = (*TINY, "--image-size=32", "--freeze=none", "--weights=random", "--epochs=12", "--per-class=4")
    status, first, err = interrupted(house, *options)
    assert (status, err) == (130, "")
    assert [event["event"] for event in first[:2]] == ["run_started", "epoch"]
    assert (first[-1]["event"], first[-1]["state"]) == ("run_ended", "stopped")
    n_done = first[-2]["epoch"]
    assert 1 <= first[-1]["best_epoch"] <= n_done < 12
    monkeypatch.setenv("TL_HOME", str(house / "data"))
    status, _, err = called(capsys, "classify", "--json", first[0]["run_id"], ORANGE)
    assert (status, err) == (0, "")
    status, out, err = called(capsys, "train", "--json", "--resume", first[0]["run_id"], "--freeze=1")
    assert (status, out, is_one_line(err)) == (2, "", True)
    status, out, err = called(
        capsys, "train", "--json", "--resume", first[0]["run_id"], *options
    )  # said again: the same
    assert (status, err) == (0, "")
    second = events(out)
    assert [event["epoch"] for event in second if event["event"] == "epoch"] == list(range(n_done + 1, 13))
    assert {event["run_id"] for event in second} == {first[0]["run_id"]}
    shown = json.loads(called(capsys, "show", "--json", first[0]["run_id"])[1])
    assert (shown["state"], [epoch["epoch"] for epoch in shown["epochs"]]) == ("completed", list(range(1, 13)))


def test_the_first_ctrl_c_asks_and_the_second_one_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as should_stop:
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


# ---- one epoch with each option; in this process, which has loaded TensorFlow after the first ----

ONE_EPOCH = {
    "no cache and sgd with nesterov": (
        ["--no-cache", "--optimizer=sgd", "--nesterov", "--momentum=0.8", "--schedule=cosine"],
        {"schedule": "cosine", "use_cache": False, "optimizer": "sgd", "nesterov": True, "momentum": 0.8},
    ),
    "a hidden layer on a flat map": (
        ["--head=flatten-dense", "--hidden=32", "--dropout=0.3"],
        {"head": "flatten-dense", "hidden": 32, "dropout": 0.3},
    ),
    "a linear svm": (["--head=svm", "--svm-c=0.1"], {"head": "svm", "svm_c": 0.1}),
    "a probe to convergence": (["--head=logistic", "--logistic-c=0.1"], {"head": "logistic", "logistic_c": 0.1}),
    "views as the old generators made them": (["--augment=classic"], {"augment": "classic", "views": "rolling"}),
    "pictures augmented up to a block's name": (
        ["--augment=light", "--freeze=fire7", "--head=dense", "--hidden=8", "--phases=1"],
        {"augment": "light", "head": "dense", "n_frozen": 7, "phases": 1},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if "augmented" not in name else ()) for name in ONE_EPOCH]
)
def test_a_run_trains_one_epoch_with(home, capsys, name):
    options, expected = ONE_EPOCH[name]
    status, out, err = called(capsys, "train", "--json", *TINY, "--epochs=1", *options)
    told = events(out)
    assert (status, err) == (0, "")
    assert [event["event"] for event in told] == ["run_started", "epoch", "run_ended"]
    shown = json.loads(called(capsys, "show", "--json", told[0]["run_id"])[1])
    assert {field: shown["spec"][field] for field in expected} == expected
    assert shown["spec"]["per_class"] == 2
    assert told[0]["cached"] == expected.get("use_cache", True)
    assert all(row["as_expected"] for row in shown["proof"])


@pytest.mark.slow
def test_blocks_are_trained_after_the_head_and_both_phases_are_one_curve(home, capsys):
    options = ["--freeze=fire7", "--head-epochs=2", "--head-learning-rate=0.003", "--learning-rate=0.0001"]
    status, out, err = called(capsys, "train", "--json", *TINY, "--epochs=1", *options)
    told = events(out)
    assert (status, err) == (0, "")
    assert [event.get("epoch") for event in told] == [None, 1, 2, 3, None]
    shown = json.loads(called(capsys, "show", "--json", told[0]["run_id"])[1])
    assert [epoch["phase"] for epoch in shown["epochs"]] == [1, 1, 2]
    assert (shown["spec"]["phases"], shown["spec"]["batchnorm"]) == (2, "frozen")
    assert all(row["as_expected"] for row in shown["proof"])
    assert [row["block"] for row in shown["proof"] if row["after_head"] != row["before"]] == ["head"]


@pytest.mark.slow
def test_people_see_every_epoch_the_end_and_what_the_accuracy_is_worth(home, capsys):
    status, out, err = called(capsys, "train", *TINY, "--epochs=2")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 4
    assert "completed" in out.splitlines()[2]
    assert "always “" in out.splitlines()[3]


@pytest.mark.slow
def test_a_run_that_fails_says_why_and_the_status_is_one(home, capsys):
    status, out, err = called(
        capsys,
        "train",
        "--json",
        *TINY,
        "--epochs=5",
        "--freeze=none",
        "--optimizer=sgd",
        "--learning-rate=10",
        "--momentum=0.99",
    )
    last = events(out)[-1]
    assert status == 1
    assert (last["event"], last["state"]) == ("run_ended", "failed")
    assert is_one_line(err)
    assert "learning rate of 10" in last["error"]
