"""Files that are whole or not there."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from safetensors.numpy import load_file

from tl_core.disk import files, space
from tl_core.disk.files import (
    check_space,
    free_bytes,
    latest_checkpoint,
    read_tensors,
    save_checkpoint,
    share_file,
    write_atomic,
    write_tensors,
)
from tl_core.errors import StoreError

ARRAYS = {
    "kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "steps": np.array(7, dtype=np.int64),
    "mask": np.array([True, False]),
    "none": np.zeros((0, 3), np.float16),
}


def raising(number):
    def refuse(*args, **named):
        raise OSError(number, os.strerror(number))

    return refuse


def code_of(call, *args):
    with pytest.raises(StoreError) as caught:
        call(*args)
    return caught.value.code


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_as_a_whole_and_nothing_else_stays(tmp_path):
    path = tmp_path / "a.bin"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EIO, "home_not_writable"), (errno.EROFS, "home_not_writable")],
)
def test_a_write_that_fails_at_any_step_keeps_the_old_file(tmp_path, monkeypatch, step, number, code):
    path = tmp_path / "a.bin"
    write_atomic(path, b"old")
    monkeypatch.setattr(files.os, step, raising(number))
    assert code_of(write_atomic, path, b"new") == code
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_the_data_are_on_disk_before_the_name_and_the_folder_after_it(tmp_path, monkeypatch):
    calls, real_sync, real_replace = [], os.fsync, os.replace

    def sync(descriptor):
        is_folder = os.path.isdir(f"/proc/self/fd/{descriptor}")
        calls.append("folder synced" if is_folder else "file synced")
        real_sync(descriptor)

    def rename(source, target):
        calls.append("renamed")
        real_replace(source, target)

    monkeypatch.setattr(files.os, "fsync", sync)
    monkeypatch.setattr(files.os, "replace", rename)
    write_atomic(tmp_path / "a.bin", b"new")
    assert calls == ["file synced", "renamed", "folder synced"]


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(space, "free_bytes", lambda path: space.RESERVE_BYTES + 99)
    check_space(tmp_path, 99)
    with pytest.raises(StoreError) as caught:
        write_atomic(tmp_path / "a.bin", b"x" * 100)
    assert caught.value.to_dict() == {
        "code": "disk_full",
        "values": {"needed_bytes": space.RESERVE_BYTES + 100, "free_bytes": space.RESERVE_BYTES + 99},
    }
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError) as caught:
        write_atomic(tmp_path / "gone" / "a.bin", b"x")
    assert caught.value.code == "home_not_writable"
    assert caught.value.values["path"] == str(tmp_path / "gone")


def test_free_space_is_known_for_folders_that_do_not_exist_yet(tmp_path):
    free = free_bytes(tmp_path / "a" / "b")
    assert abs(free - os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize) < 2**30


def test_arrays_and_texts_come_back_as_they_were(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, ARRAYS, {"epoch": "3", "名": "猫"})
    arrays, metadata = read_tensors(path)
    assert metadata == {"epoch": "3", "名": "猫"}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(arrays[name], array)


def test_the_file_is_ordinary_safetensors(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, ARRAYS, {})
    np.testing.assert_array_equal(load_file(path)["kernel"], ARRAYS["kernel"])


@pytest.mark.parametrize("view", [lambda a: a.T, lambda a: a[:, ::2], lambda a: a[::-1], lambda a: a.astype(">f4")])
def test_views_and_foreign_byte_orders_are_not_scrambled(tmp_path, view):
    array = view(np.arange(12, dtype=np.float32).reshape(3, 4))
    write_tensors(tmp_path / "a", {"x": array}, {})
    np.testing.assert_array_equal(read_tensors(tmp_path / "a")[0]["x"], array)


def test_a_files_arrays_may_be_changed_by_the_reader(tmp_path):
    write_tensors(tmp_path / "a", ARRAYS, {})
    first, _ = read_tensors(tmp_path / "a")
    first["kernel"][:] = 0
    np.testing.assert_array_equal(read_tensors(tmp_path / "a")[0]["kernel"], ARRAYS["kernel"])


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_file_cut_short_is_damaged(tmp_path, kept):
    path = tmp_path / "weights.safetensors"
    write_tensors(path, ARRAYS, {})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(StoreError) as caught:
        read_tensors(path)
    assert caught.value.to_dict() == {"code": "file_damaged", "values": {"path": "weights.safetensors"}}


def test_one_changed_bit_anywhere_is_never_read_as_good(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, ARRAYS, {"epoch": "3"})
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            arrays, metadata = read_tensors(path)
        except StoreError:
            continue
        assert metadata.get("epoch") == "3", place  # only the checksum's own key can change unnoticed
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS), place


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"PK\x03\x04" + b"\0" * 60])
def test_other_files_are_damaged(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert code_of(read_tensors, tmp_path / "a") == "file_damaged"


def test_a_missing_file_or_a_folder_is_damaged(tmp_path):
    assert code_of(read_tensors, tmp_path / "missing") == "file_damaged"
    assert code_of(read_tensors, tmp_path) == "file_damaged"


def test_a_shared_file_has_two_names_and_each_can_go_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    share_file(tmp_path / "a", tmp_path / "b")
    assert os.path.samefile(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").unlink()
    assert (tmp_path / "b").read_bytes() == b"x"


def test_a_file_is_copied_where_the_disk_knows_no_second_names(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(files.os, "link", raising(errno.EXDEV))
    share_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x"
    assert not os.path.samefile(tmp_path / "a", tmp_path / "b")


def test_a_missing_file_cannot_be_shared(tmp_path):
    assert code_of(share_file, tmp_path / "gone", tmp_path / "b") == "file_damaged"


def weights(value):
    return {"w": np.full(4, value, np.float32)}


def test_the_newest_two_checkpoints_are_kept(tmp_path):
    (tmp_path / "best.safetensors").write_bytes(b"another file")
    (tmp_path / "checkpoint-old.safetensors").write_bytes(b"no number")
    for number in (8, 9, 10, 11):
        path = save_checkpoint(tmp_path, number, weights(number), {"epoch": str(number)})
        assert path.name == f"checkpoint-0000-{number:06d}.safetensors"
    assert [name for name in names(tmp_path) if name.startswith("checkpoint-0")] == [
        "checkpoint-0000-000010.safetensors",
        "checkpoint-0000-000011.safetensors",
    ]
    assert len(names(tmp_path)) == 4
    number, arrays, metadata = latest_checkpoint(tmp_path)
    assert (number, arrays["w"][0], metadata) == (11, 11.0, {"epoch": "11"})


def test_without_a_whole_checkpoint_there_is_none(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "gone") is None
    (tmp_path / "checkpoint-0000-000001.safetensors").write_bytes(b"")
    assert latest_checkpoint(tmp_path) is None


def test_a_damaged_newest_checkpoint_gives_way_to_the_older_one(tmp_path):
    save_checkpoint(tmp_path, 1, weights(1), {})
    newest = save_checkpoint(tmp_path, 2, weights(2), {})
    newest.write_bytes(newest.read_bytes()[:-1])
    assert latest_checkpoint(tmp_path)[0] == 1
    save_checkpoint(tmp_path, 2, weights(2), {})
    assert latest_checkpoint(tmp_path)[0] == 2


def test_a_full_disk_leaves_the_earlier_checkpoint_to_go_on_from(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, 1, weights(1), {})
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", raising(errno.ENOSPC))
        assert code_of(save_checkpoint, tmp_path, 2, weights(2), {}) == "disk_full"
    number, arrays, _ = latest_checkpoint(tmp_path)
    assert (number, arrays["w"][0]) == (1, 1.0)
    assert names(tmp_path) == ["checkpoint-0000-000001.safetensors"]


def test_what_a_killed_writer_left_is_cleared_at_the_next_checkpoint(tmp_path):
    (tmp_path / ".checkpoint-0000-000001.safetensors.abcd.tmp").write_bytes(b"half")
    assert latest_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, 1, weights(1), {})
    assert names(tmp_path) == ["checkpoint-0000-000001.safetensors"]


@pytest.mark.parametrize("is_windows", [False, True])
def test_parts_of_a_file_are_read_by_several_threads_at_once(tmp_path, monkeypatch, is_windows):
    if is_windows:
        monkeypatch.delattr(os, "pread", raising=False)
    content = os.urandom(1 << 16)
    (tmp_path / "file").write_bytes(content)
    with open(tmp_path / "file", "rb") as file, ThreadPoolExecutor(8) as threads:
        starts = range(0, len(content) + 100, 97)
        parts = threads.map(lambda start: files.read_at(file.fileno(), 211, start), starts)
        assert list(parts) == [content[start : start + 211] for start in starts]


def test_what_an_attempt_writes_that_was_given_up_stands_behind_that_of_the_next_one(tmp_path):
    for attempt, number in ((1, 7), (2, 5), (1, 8), (2, 6), (1, 9)):  # the first one goes on, unheard
        save_checkpoint(tmp_path, number, weights(attempt), {}, attempt=attempt)
    assert latest_checkpoint(tmp_path)[0] == 6
    assert names(tmp_path) == ["checkpoint-0002-000005.safetensors", "checkpoint-0002-000006.safetensors"]


def test_a_checkpoint_of_before_there_were_attempts_is_the_oldest(tmp_path):
    save_checkpoint(tmp_path, 9, weights(1), {}).rename(tmp_path / "checkpoint-000009.safetensors")
    assert latest_checkpoint(tmp_path)[0] == 9
    save_checkpoint(tmp_path, 1, weights(2), {}, attempt=1)
    assert latest_checkpoint(tmp_path)[0] == 1
