"""Where the data folder is."""

import os
import stat
from pathlib import Path

import pytest

from tl_core.disk import home
from tl_core.errors import StoreError


def test_tl_home_names_the_folder_and_it_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_HOME", str(tmp_path / "a" / "猫 b"))
    assert home.data_home() == tmp_path / "a" / "猫 b"
    assert home.data_home().is_dir()


def test_a_tilde_and_a_relative_path_are_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TL_HOME", "~/lab")
    assert home.data_home() == tmp_path / "lab"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TL_HOME", "here")
    assert home.data_home() == Path(tmp_path / "here")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_tl_home_the_platform_decides(tmp_path, monkeypatch, value):
    monkeypatch.delenv("TL_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("TL_HOME", value)
    monkeypatch.setattr(home, "user_data_dir", lambda name, appauthor: str(tmp_path / name))
    assert home.data_home() == tmp_path / "transfer-lab"


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("TL_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StoreError) as caught:
        home.data_home()
    assert caught.value.code == "home_not_writable"
    assert caught.value.values == {"path": str(tmp_path / "file" / "home"), "reason": "Not a directory"}


def modes(folder: Path) -> dict[str, str]:
    """Returns the rights of a folder and of all below it, as `chmod` takes them."""
    return {
        str(path.relative_to(folder)): f"{stat.S_IMODE(path.lstat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
    }


NEWER = (
    "runs.sqlite.version-1",
    "admissions.json",
    "links/a",
    "server.address",
    "uploads/sent-a/file",
    "sweeps/a.json",
    "progress/a.json",
)


@pytest.fixture
def open_home(tmp_path) -> Path:
    """A data folder as an earlier version made it: everybody may read it."""
    made = tmp_path / "home"
    for file in ("runs.sqlite", "runs.sqlite.corrupt-1", "class.json", "runs/a/record.json", "logs/server.log", *NEWER):
        (made / file).parent.mkdir(parents=True, exist_ok=True)
        (made / file).write_text("x")
    for path in (made, *made.rglob("*")):
        path.chmod(0o755)
    return made


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
class TestPrivacy:
    def test_a_new_data_folder_is_its_owners_alone(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TL_HOME", str(tmp_path / "new"))
        assert modes(home.data_home()) == {".": "700"}

    def test_one_that_everybody_could_read_is_closed_with_all_in_it(self, open_home):
        home.keep_private(open_home)
        for name, mode in modes(open_home).items():
            assert mode == ("700" if (open_home / name).is_dir() else "600"), name

    def test_what_is_not_ours_stays_as_it_is(self, open_home):
        (open_home / "thesis").mkdir(mode=0o755)
        (open_home / "thesis" / "runs").write_text("x")
        (open_home / "thesis" / "runs").chmod(0o644)
        (open_home / "runs" / "elsewhere").symlink_to(open_home / "thesis" / "runs")
        home.keep_private(open_home)
        found = modes(open_home)
        assert (found["."], found["thesis"], found["thesis/runs"]) == ("755", "755", "644")
        assert (found["runs"], found["runs.sqlite"], found["runs/a/record.json"]) == ("700", "600", "600")
