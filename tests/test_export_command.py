"""`export` on the command line: files where they were asked for, or one line and nothing."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.bundles.bundle_files import SPEC, write_run
from tests.export.finished_runs import members
from tl_core.__main__ import main
from tl_core.export import formats
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

LINES = 1


@pytest.fixture
def run(home) -> str:
    """A run that was stopped with weights."""
    with closing(SqliteStore(home)) as store:
        record = store.create_run(SPEC.to_dict(), role="run", name="*my* run", environment={})
        store.start_run(record.id, frozen_params=1, trainable_params=2, is_cached=True)
        write_run(store.run_folder(record.id))
        store.finish_run(record.id, RunState.STOPPED, best_epoch=1)
        return record.id


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    return main([str(one) for one in ("export", *arguments)]), *capsys.readouterr()


def refused(capsys, *arguments: object) -> str:
    """Returns the one line of a command that wrote nothing."""
    status, out, err = called(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", LINES)
    return err


@pytest.mark.parametrize("format", ["card", "tensorboard"])
def test_a_file_is_written_where_it_was_asked_for(run, format, tmp_path, capsys):
    target = tmp_path / "mine.zip"
    status, out, err = called(capsys, run[:8], "--format", format, "-o", target, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {"path": str(target), "format": format, "parity": None}
    assert members(target)


def test_a_folder_gets_a_file_of_the_formats_name(run, tmp_path, capsys):
    folder = tmp_path / "out"
    folder.mkdir()
    status, out, _ = called(capsys, run, "--format", "card", "-o", folder)
    assert (status, list(folder.iterdir())) == (0, [folder / "card.zip"])
    assert str(folder / "card.zip") in out


def test_what_is_there_already_is_left_as_it_is(run, tmp_path, capsys):
    target = tmp_path / "mine.zip"
    target.write_bytes(b"precious")
    assert "mine.zip" in refused(capsys, run, "--format", "card", "-o", target)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize("format", ["card", "keras"])
def test_a_folder_that_is_not_there_is_named(run, format, tmp_path, capsys):
    target = tmp_path / "nowhere" / "mine.zip"
    assert "nowhere" in refused(capsys, run, "--format", format, "-o", target)
    assert not target.parent.exists()


def test_an_unknown_run_or_format_is_one_line(run, tmp_path, capsys):
    assert "aaaaaaaa" in refused(capsys, "aaaaaaaa", "--format", "card", "-o", tmp_path / "x.zip")
    assert "coreml" in refused(capsys, run, "--format", "coreml", "-o", tmp_path / "x.zip")


def test_a_run_that_waits_or_left_no_weights_is_one_line(home, tmp_path, capsys):
    with closing(SqliteStore(home)) as store:
        queued = store.create_run(SPEC.to_dict(), role="run", name="a", environment={}).id
        assert "waiting" in refused(capsys, queued, "--format", "card", "-o", tmp_path / "x.zip")
        store.finish_run(queued, RunState.STOPPED)
    assert "no weights" in refused(capsys, queued, "--format", "keras", "-o", tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_a_package_that_is_missing_is_named_in_one_line(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "tf2onnx" else name)
    line = refused(capsys, run, "--format", "onnx", "-o", tmp_path / "x.zip")
    assert "tf2onnx" in line
    assert "make export" in line


def test_a_file_that_does_not_agree_leaves_nothing(run, tmp_path: Path, capsys, monkeypatch):
    from tl_core.engine.worker.device import prepare

    prepare()
    from tl_core.errors import StoreError
    from tl_core.export import verified

    def differs(model, images, expected, name):
        raise StoreError("export_differs", format=name, difference=0.5, allowed=1e-5)

    monkeypatch.setattr(verified, "compare", differs)
    target = tmp_path / "out" / "x.zip"
    target.parent.mkdir()
    status, out, err = called(capsys, run, "--format", "keras", "-o", target)
    assert (status, out, len(err.splitlines())) == (1, "", LINES)
    assert "not handed out" in err
    assert list(target.parent.iterdir()) == []
