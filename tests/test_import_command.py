"""`python -m tl_core import`: a folder or an archive becomes a data set, which can be trained on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S
from test_commands import PROJECT, called, environment, is_one_line

from tests.ingest.pictures import encoded, on_disk, pattern, picture, take, tree, zipped
from tests.ingest.two_readings import twice, two_readings
from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.own.album import own_folder
from tl_core.engine.runs import reuse
from tl_core.ingest import places
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.albums import Albums
from tl_core.store.sqlite.store import SqliteStore

KEYS = ["id", "name", "classes", "n_train", "n_validation", "n_test", "source", "licence", "available"]


@pytest.fixture
def source(tmp_path_factory) -> Path:
    """A folder of two classes, with a file that is no picture."""
    return on_disk(tmp_path_factory.mktemp("source") / "fruit", tree(苹果=9, pear=9) | {"pear/bad.png": b"no picture"})


def test_a_folder_becomes_a_data_set_of_the_operators_that_the_class_may_use(home, capsys, source):
    status, out, err = called(capsys, "import", str(source), "--name", "Fruit", "--seed", "5", "--no-flip", "--json")
    row = json.loads(out)
    assert (status, err) == (0, "")
    assert list(row) == [*KEYS, "skipped", "notes", "layout"]
    assert (row["name"], row["classes"], row["source"], row["available"]) == ("Fruit", ["pear", "苹果"], "fruit", True)
    assert row["n_train"] + row["n_validation"] + row["n_test"] == 18
    (left_out,) = row["skipped"]
    assert left_out["file"] == "pear/bad.png"
    assert "bad.png" in left_out["reason"]
    assert any("pictures" in note for note in row["notes"])
    album = Albums(home).album(row["id"])
    assert (album.seed, album.can_flip) == (5, False)
    assert Albums(home).listed(by=Visitor("anybody"))[0].owner == OPERATOR.owner


@pytest.mark.parametrize(("path", "name"), [(".", "fruit"), ("../my.pears", "my.pears"), ("../a.b.zip", "a.b")])
def test_without_a_name_it_is_called_like_its_folder_or_archive(home, capsys, source, monkeypatch, path, name):
    source.rename(source.with_name("my.pears")) if "pears" in path else zipped(
        source.with_name("a.b.zip"), tree(a=3, b=3)
    )
    source.mkdir(exist_ok=True)
    monkeypatch.chdir(source)
    assert json.loads(called(capsys, "import", path, "--json")[1])["name"] == name


def test_folders_of_people_stay_in_one_split(home, capsys, tmp_path):
    files = {file.replace("/", f"/person{at % 5}/"): data for at, (file, data) in enumerate(tree(a=20, b=20).items())}
    out = called(capsys, "import", str(on_disk(tmp_path / "people", files)), "--groups", "folders", "--json")[1]
    rows = Albums(home).album(json.loads(out)["id"]).rows
    assert len(set(zip(rows.group, rows.split.tolist(), strict=True))) == len(set(rows.group)) == 5


def test_a_private_one_is_in_nobodys_list(home, capsys, source):
    assert called(capsys, "import", str(source), "--private", "--json")[0] == 0
    assert Albums(home).listed(by=Visitor("anybody")) == []
    assert Albums(home).listed(by=OPERATOR)[0].name == "fruit"


def test_wide_pictures_are_kept_whole_where_that_is_asked_for(home, capsys, tmp_path):
    files = {f"{name}/{at}.png": encoded(pattern(at + ord(name), 160, 20)) for name in "ab" for at in range(5)}
    folder, rows = on_disk(tmp_path / "strips", files), {}
    for framing in ("crop", "fit"):
        rows[framing] = json.loads(called(capsys, "import", str(folder), "--framing", framing, "--json")[1])
    assert "12%" in " ".join(rows["crop"]["notes"])
    assert "filled up" in " ".join(rows["fit"]["notes"])
    assert Albums(home).info(rows["fit"]["id"]).preparation.framing == "fit"
    status, _, err = called(capsys, "import", str(folder), "--framing", "stretch")
    assert status == 2
    assert is_one_line(err)


def test_an_archive_of_the_same_pictures_is_the_same_data_set(home, capsys, source, tmp_path_factory):  # Z14
    files = {f"x/{path.relative_to(source)}": path.read_bytes() for path in source.rglob("*.png")}
    archive = zipped(tmp_path_factory.mktemp("zips") / "fruit.zip", files)
    ids = {json.loads(called(capsys, "import", str(path), "--json")[1])["id"] for path in (source, archive)}
    assert len(ids) == 1


def test_people_get_a_table_and_read_what_was_left_out(home, capsys, source):
    status, out, err = called(capsys, "import", str(source))
    assert status == 0
    assert out.splitlines()[0].startswith("id ")
    assert "bad.png" in out
    assert "Only" in err


def test_people_and_programs_are_told_the_classes_and_how_the_folders_were_understood(home, capsys, source):
    _, out, _ = called(capsys, "import", str(source))
    assert "2: pear, 苹果" in out
    assert out.splitlines()[2] == "2 classes in training, validation and test: pear, 苹果; 18 pictures."
    row = json.loads(called(capsys, "import", str(source), "--json")[1])
    assert row["notes"][0] == "2 classes in training, validation and test: pear, 苹果; 18 pictures."
    read_as = row["layout"]["read_as"]
    assert (read_as["levels"], read_as["classes"], read_as["splits"]) == (["class"], ["pear", "苹果"], [])
    assert (read_as["counts"], read_as["n_pictures"], row["layout"]["others"]) == ({"pear": 10, "苹果": 9}, 19, [])


class TestAQuestion:
    """A folder that can be understood in two ways."""

    @pytest.fixture
    def unclear(self, tmp_path_factory, monkeypatch) -> str:
        monkeypatch.setattr(places, "readings_of", two_readings)
        return str(on_disk(tmp_path_factory.mktemp("unclear") / "things", twice()))

    def test_a_program_reads_one_line_that_names_the_option(self, home, capsys, unclear):
        status, out, err = called(capsys, "import", unclear, "--json")
        assert (status, out) == (2, "")
        assert is_one_line(err)
        assert "--layout N" in err
        assert Albums(home).listed(by=OPERATOR) == []

    @pytest.mark.parametrize(("lang", "word"), [("en_GB", "group / class"), ("zh_CN", "分组 / 类别")])
    def test_people_get_the_table_of_readings_and_the_same_line(self, home, capsys, unclear, monkeypatch, lang, word):
        monkeypatch.setenv("LANG", lang)
        status, out, err = called(capsys, "import", unclear)
        assert status == 2
        assert is_one_line(err)
        assert "--layout N" in err
        head, first, second, doubt = out.splitlines()
        assert head.split() == ["layout", "levels", "classes", "splits", "pictures", "left", "out", "why"]
        assert first.startswith("1 ")
        assert word in first
        assert "2: cup" in first
        assert "2: evening" in second
        assert doubt.startswith("2: ")

    @pytest.mark.parametrize(
        ("layout", "classes", "others"),
        [("1", ["cup", "pen"], ["evening", "morning"]), ("2", ["evening", "morning"], ["cup", "pen"])],
    )
    def test_a_number_takes_that_reading(self, home, capsys, unclear, layout, classes, others):
        status, out, err = called(capsys, "import", unclear, "--json", "--layout", layout)
        assert (status, err) == (0, "")
        row = json.loads(out)
        assert row["classes"] == row["layout"]["read_as"]["classes"] == classes
        assert [one["classes"] for one in row["layout"]["others"]] == [others]

    def test_auto_takes_the_first(self, home, capsys, unclear):
        status, out, _ = called(capsys, "import", unclear, "--json", "--layout=auto")
        assert (status, json.loads(out)["classes"]) == (0, ["cup", "pen"])

    @pytest.mark.parametrize("layout", ["0", "3", "-1", "two", "", "1.0", "²", "9" * 5000])
    def test_a_reading_that_there_is_not_is_refused_in_one_line(self, home, capsys, unclear, layout):
        status, out, err = called(capsys, "import", unclear, f"--layout={layout}")
        assert (status, out) == (2, "")
        assert is_one_line(err)
        assert f"“{layout[:40]}”" in err
        assert "from 1 to 2, or auto" in err


def test_the_list_of_data_sets_names_it_behind_those_of_the_catalogue(home, capsys, source):
    id = json.loads(called(capsys, "import", str(source), "--json")[1])["id"]
    status, out, err = called(capsys, "datasets", "--json")
    rows = json.loads(out)
    assert (status, err) == (0, "")
    assert [row["id"] for row in rows] == [*DATASETS, id]
    assert list(rows[-1]) == KEYS


def test_one_that_is_damaged_is_complained_of_and_the_others_are_listed(home, capsys, source):
    id = json.loads(called(capsys, "import", str(source), "--json")[1])["id"]
    good = take(Albums(home), tree(100, a=5, b=5))
    (own_folder(home, id) / "about.json").write_bytes(b"{")
    status, out, err = called(capsys, "datasets", "--json")
    assert status == 0
    assert [row["id"] for row in json.loads(out)] == [*DATASETS, good.id]
    assert is_one_line(err)
    assert id in err


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"1.png": picture(1)}, "no pictures in class folders"),
        (tree(apple=3), "only one class"),
        ({"a/1.png": b"x", "b/2.png": b"y"}, "None of the 2 files"),
        ({}, "no pictures in class folders"),
    ],
)
def test_what_cannot_become_a_data_set_is_refused_in_one_line_and_leaves_nothing(
    home, capsys, tmp_path_factory, files, words
):  # Z08
    root = on_disk(tmp_path_factory.mktemp("source"), files)
    status, out, err = called(capsys, "import", str(root), "--json")
    assert (status, out) == (2, "")
    assert is_one_line(err)
    assert words in err
    assert Albums(home).listed(by=OPERATOR) == []
    assert list((home / "datasets" / "own").glob(".*")) == []


@pytest.mark.parametrize(
    "arguments",
    [["/no/such/place"], ["/dev/null"], [], [".", "--seed", "-1"], [".", "--name", "a\nb"], ["x" * 5000]],
    ids=lambda arguments: " ".join(arguments)[:30],
)
def test_a_command_that_makes_no_sense_is_refused_in_one_line(home, capsys, arguments):
    status, out, err = called(capsys, "import", *arguments)
    assert (status, out) == (2, "")
    assert is_one_line(err)


def test_a_file_that_is_no_archive_says_what_it_is(home, capsys, tmp_path_factory):  # Z11
    path = tmp_path_factory.mktemp("source") / "fruit.zip"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(60))
    status, _, err = called(capsys, "import", str(path))
    assert status == 2
    assert "fruit.zip" in err
    assert "7" in err


def test_ctrl_c_ends_it_and_nothing_is_kept(tmp_path):
    data = encoded(pattern(1, 1200), "JPEG", quality=95)
    source = on_disk(tmp_path / "source", {f"{'ab'[at % 2]}/{at}.jpg": data for at in range(600)})
    with subprocess.Popen(
        [sys.executable, "-m", "tl_core", "import", str(source), "--json"],
        cwd=PROJECT,
        env=environment(tmp_path / "data", tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        own = tmp_path / "data" / "datasets" / "own"
        while not list(own.glob(".draft-*/pack-*")) and process.poll() is None:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert {path.name for path in own.iterdir()} <= {"opening"}


@pytest.mark.slow
def test_a_data_set_is_trained_on_and_its_network_still_classifies_when_the_pictures_are_gone(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TL_HOME", str(tmp_path / "data"))
    files = {
        f"{name}/{at}.jpg": encoded(striped(at, is_upright=name == "竖"), "JPEG", quality=90)
        for name in ("竖", "across")
        for at in range(30)
    }
    source = on_disk(tmp_path / "source", files)
    status, out, err = called(capsys, "import", str(source), "--name", "stripes", "--json")
    assert (status, err) == (0, "")
    id = json.loads(out)["id"]

    options = (f"--dataset={id}", "--backbone=squeezenet", "--image-size=64", "--freeze=all", "--epochs=1")
    status, out, err = called(capsys, "train", "--json", *options, "--batch-size=8", "--seed=1")
    assert (status, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["run_started", "epoch", "run_ended"]
    run_id = events[0]["run_id"]
    assert len(list((tmp_path / "data" / "cache").glob(f"pixels-{id}-64.npy"))) == 1

    original = str(source / "竖" / "0.jpg")
    before = called(capsys, "classify", "--json", run_id, original)
    albums = Albums(tmp_path / "data", lambda id: False)
    albums.delete(id, by=OPERATOR)
    assert not own_folder(tmp_path / "data", id).exists()
    after = called(capsys, "classify", "--json", run_id, original)
    assert after == before
    assert (after[0], after[2]) == (0, "")
    (row,) = json.loads(after[1])
    assert {one["class"] for one in row["predictions"]} == {"竖", "across"}

    with SqliteStore(tmp_path / "data") as store:  # what another asks for with the same pictures is known already
        run = store.get(run_id)
        known = reuse.find(store, RunSpec.from_dict(run.spec))
        assert known is not None
        assert known.id == run_id
        copy = store.copy_run(run_id, name="mine", owner="ben", role="run")
        assert (copy.owner, copy.scores) == ("ben", run.scores)


def striped(number: int, *, is_upright: bool):
    """Returns a picture of stripes with a little colour of its own."""
    pixels = pattern(number, 96) // 3
    pixels[:, ::8] += 150
    pixels[:, 1::8] += 150
    return pixels if is_upright else pixels.transpose(1, 0, 2).copy()
