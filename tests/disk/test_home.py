"""Where the data folder is."""

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
