"""Files that browsers have sent and nobody has taken in: their limits, and how they go."""

import os
import stat

import pytest

from tl_core.engine.imports import uploads
from tl_core.engine.imports.waiting_files import EXPIRES_S, LIMITS, Sender, WaitingFile, WaitingFiles
from tl_core.errors import StoreError


def tab(visit: str, owner: str = "", address: str = "192.0.2.1") -> Sender:
    """Returns a tab, of a browser of its own unless told."""
    return Sender(visit, owner or visit, address)


def bring(waiting: WaitingFiles, home, visit: str, id: str, content: bytes = b"x") -> WaitingFile:
    """Has a file arrive as the door does."""
    folder = waiting.book(home, tab(visit), id, len(content))
    (folder / "file").write_bytes(content)
    file = WaitingFile(id, "a.png", "image/png", folder / "file", len(content))
    assert waiting.keep(visit, folder, file)
    return file


def lying(home) -> list[str]:
    return sorted(path.name for path in (home / "uploads").iterdir())


def test_a_file_is_found_by_its_visit_alone_and_in_the_order_asked_for(tmp_path):
    waiting = WaitingFiles()
    first, second = bring(waiting, tmp_path, "anna", "1"), bring(waiting, tmp_path, "anna", "2")
    assert waiting.found("anna", ["2", "none", "1"]) == [second, first]
    assert waiting.found("ben", ["1", "2"]) == []
    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700


def test_a_file_that_is_still_arriving_is_not_found(tmp_path):
    waiting = WaitingFiles()
    waiting.book(tmp_path, tab("anna"), "1", 10)
    assert waiting.found("anna", ["1"]) == []


@pytest.mark.parametrize(
    ("tabs", "code"),
    [
        ([tab("anna")] * 3, "visit_uploads"),
        ([tab(str(number), "anna") for number in range(4)], "owner_uploads"),
        ([tab(str(number)) for number in range(5)], "address_uploads"),
        ([tab(str(number), "", f"192.0.2.{number}") for number in range(6)], "all_uploads"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_and_fits_again_once_others_have_gone(tmp_path, tabs, code):
    waiting = WaitingFiles(visit=25_000, owner=35_000, address=45_000, all=55_000)
    for number, sender in enumerate(tabs[:-1]):
        waiting.book(tmp_path, sender, str(number), 10_000)  # also what has only been announced counts
    before = lying(tmp_path)
    with pytest.raises(StoreError) as caught:
        waiting.book(tmp_path, tabs[-1], "last", 10_000)
    assert caught.value.code == code
    assert lying(tmp_path) == before
    waiting.remove(tabs[0].visit, "0")
    waiting.book(tmp_path, tabs[-1], "last", 10_000)


def test_who_has_nothing_waiting_is_forgotten(tmp_path):
    waiting = WaitingFiles()
    for number in range(20):
        bring(waiting, tmp_path, f"visit {number}", "1")
        waiting.remove_all(f"visit {number}")
    assert (waiting._booked, waiting._places) == ({}, {})


def test_the_smallest_files_count_as_what_they_take_on_disk(tmp_path):
    waiting = WaitingFiles(visit=10_000)
    bring(waiting, tmp_path, "anna", "1"), bring(waiting, tmp_path, "anna", "2")
    with pytest.raises(StoreError):
        waiting.book(tmp_path, tab("anna"), "3", 1)


def test_a_file_that_is_sent_again_takes_the_place_of_the_first(tmp_path):
    waiting = WaitingFiles(visit=5_000)
    first, second = bring(waiting, tmp_path, "anna", "1"), None
    with pytest.raises(StoreError):
        bring(waiting, tmp_path, "anna", "2")
    waiting.remove("anna", "1")
    second = bring(waiting, tmp_path, "anna", "1")
    assert (first.path.exists(), second.path.exists()) == (False, True)


def test_a_disk_without_room_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 1000)
    with pytest.raises(StoreError) as caught:
        WaitingFiles().book(tmp_path, tab("anna"), "1", 1)
    assert caught.value.code == "disk_full"


def test_what_a_visit_leaves_behind_goes_a_minute_after_its_end_and_not_before(tmp_path):
    waiting, open_visits = WaitingFiles(), {"anna", "ben"}
    bring(waiting, tmp_path, "anna", "1"), bring(waiting, tmp_path, "ben", "1")
    waiting.book(tmp_path, tab("anna"), "2", 10)  # still arriving
    for now_s, n_left in ((0.0, 3), (EXPIRES_S - 1, 3), (EXPIRES_S, 1), (1000.0, 1)):
        open_visits.discard("anna")
        waiting.expire(open_visits.__contains__, now_s)
        assert len(lying(tmp_path)) == n_left
    assert waiting.found("anna", ["1"]) == []


def test_a_visit_that_comes_back_in_time_finds_its_files(tmp_path):
    waiting = WaitingFiles()
    bring(waiting, tmp_path, "anna", "1")
    for now_s, is_open in ((0.0, False), (50.0, True), (70.0, False), (100.0, False)):
        waiting.expire(lambda visit, is_open=is_open: is_open, now_s)
    assert len(waiting.found("anna", ["1"])) == 1


def test_a_file_that_arrives_after_its_visit_was_forgotten_is_not_kept(tmp_path):
    waiting = WaitingFiles()
    folder = waiting.book(tmp_path, tab("anna"), "1", 1)
    waiting.remove_all("anna")
    assert not waiting.keep("anna", folder, WaitingFile("1", "a", "b", folder / "file", 1))
    assert lying(tmp_path) == []
    assert waiting.expire(lambda visit: False, 0.0) is None  # knows nothing of it any more


def test_a_refusal_is_told_to_its_visit_for_half_a_minute():
    waiting = WaitingFiles()
    waiting.note_refusal("anna", StoreError("all_uploads"), 100.0)
    assert waiting.refusal("ben", 100.0) is None
    assert waiting.refusal("anna", 129.0).code == "all_uploads"
    assert waiting.refusal("anna", 130.0) is None


def test_what_waited_when_the_server_was_killed_goes_at_the_next_start(tmp_path):
    bring(WaitingFiles(), tmp_path, "anna", "1")
    uploads.sweep(tmp_path)
    assert lying(tmp_path) == []


def test_a_file_that_is_taken_in_is_no_copy(tmp_path):
    waiting = WaitingFiles()
    file = bring(waiting, tmp_path, "anna", "1", b"content")
    number = file.path.stat().st_ino
    archive, folder = uploads.write_archive(tmp_path, file.path), uploads.write_files(tmp_path, [("a", file.path)])
    waiting.remove("anna", "1")
    assert archive.stat().st_ino == (folder / "00000").stat().st_ino == number
    assert archive.read_bytes() == b"content"


def test_where_no_file_has_two_names_it_is_copied(tmp_path, monkeypatch):
    def refuse(*paths) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    file = bring(WaitingFiles(), tmp_path, "anna", "1", b"content")
    assert uploads.write_archive(tmp_path, file.path).read_bytes() == b"content"


def test_the_limits_have_room_for_a_class_at_one_address_with_100_megabytes_each_and_for_somebody_else_beside_it():
    assert LIMITS["address"] >= 30 * 100_001_000  # a form is a little larger than its file
    assert LIMITS["visit"] >= 200 * 2**20  # the largest file that the server accepts
    assert LIMITS["visit"] <= LIMITS["owner"] <= LIMITS["address"] <= LIMITS["all"] - LIMITS["visit"]
