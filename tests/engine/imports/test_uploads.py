"""Pictures that wait for an answer in files."""

import os

import numpy as np
import pytest

from tl_core.engine.imports import uploads
from tl_core.errors import StoreError


def test_pictures_of_any_size_come_back_in_their_order(tmp_path):
    images = [np.full((size, 5, 3), size, np.uint8) for size in range(1, 13)]
    with np.load(uploads.write_arrays(tmp_path, images)) as file:
        assert [file[name].shape[0] for name in sorted(file.files)] == list(range(1, 13))


def test_a_disk_that_refuses_leaves_no_file_behind(tmp_path, monkeypatch):
    def fill_up(path, **images) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads.np, "savez", fill_up)
    with pytest.raises(StoreError) as caught:
        uploads.write_arrays(tmp_path, [])
    assert caught.value.code == "disk_full"
    assert list((tmp_path / "uploads").iterdir()) == []


def test_only_what_has_waited_too_long_is_swept_away(tmp_path):
    old, fresh = uploads.write_arrays(tmp_path, []), uploads.write_arrays(tmp_path, [])
    long_ago = fresh.stat().st_mtime - uploads.LEFTOVER_S - 60
    os.utime(old, (long_ago, long_ago))
    uploads.sweep(tmp_path)
    assert (old.exists(), fresh.exists()) == (False, True)


def test_a_folder_that_is_not_there_needs_no_sweeping(tmp_path):
    uploads.sweep(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
