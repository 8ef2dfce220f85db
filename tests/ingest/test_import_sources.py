"""The ways in: an archive, a folder, and what a browser sent. Row ids (Z07 …) number the known attacks."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.pictures import on_disk, tree, zipped
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.errors import ImageError, InputError
from tl_core.ingest import folder, trees
from tl_core.ingest.folder import Folder
from tl_core.ingest.sources import Sent, SentFiles, open_source, told_apart, write_sent_files
from tl_core.ingest.trees import Zip
from tl_core.phrases import explain_skipped

FILES = tree(apple=2, pear=1)
JUNK = {
    "__MACOSX/apple/._0.png": b"x",
    "apple/.DS_Store": b"x",
    "apple/Thumbs.db": b"x",
    "pear/desktop.ini": b"x",
    ".git/config": b"x",
    "apple/THUMBS.DB": b"x",
}


WAYS = {
    "folder": lambda folder, files: open_source(on_disk(folder / "on disk", files), "on disk"),
    "zip": lambda folder, files: open_source(zipped(folder / "a.zip", files), "a.zip"),
    "sent": lambda folder, files: Sent(list(files.items())),
    "sent files": lambda folder, files: open_source(
        write_sent_files(folder / "sent", list(files.items())), "sent", is_sent=True
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_lists_and_reads_the_same_files_in_order(tmp_path, way):  # Z14
    origin = WAYS[way](tmp_path, FILES)
    assert origin.files == tuple(sorted(FILES))
    assert {file: origin.read(file) for file in origin.files} == FILES
    assert origin.unread == ()
    origin.close()


@pytest.mark.parametrize("way", WAYS)
def test_what_systems_leave_behind_is_ignored_without_a_word_on_every_way(tmp_path, way):  # Z07
    origin = WAYS[way](tmp_path, FILES | JUNK)
    assert origin.files == tuple(sorted(FILES))
    assert (origin.unread, set(origin.folders) - {"apple", "pear"}) == ((), set())
    origin.close()


def test_empty_folders_are_told_by_a_folder_and_by_an_archive(tmp_path):  # Z08
    (on_disk(tmp_path / "tree", FILES) / "plum").mkdir()
    assert "plum" in Folder(tmp_path / "tree").folders
    archive = Zip(zipped(tmp_path / "a.zip", FILES | {"plum/": b""}), "a.zip")
    assert "plum" in archive.folders
    archive.close()


class TestAFolder:
    def test_links_that_lead_outside_or_nowhere_and_pipes_are_each_named_with_their_reason(self, tmp_path):  # Z02
        secret = tmp_path / "secret.png"
        secret.write_bytes(b"secret")
        root = on_disk(tmp_path / "tree", FILES)
        (root / "apple" / "link.png").symlink_to(secret)
        (root / "apple" / "lost.png").symlink_to(tmp_path / "nowhere")
        (root / "apple" / "self.png").symlink_to("self.png")
        (root / "other").symlink_to(tmp_path)
        (root / "pear" / "again").symlink_to(root)
        os.mkfifo(root / "pear" / "pipe.png")
        origin = Folder(root)
        assert origin.files == tuple(sorted(FILES))
        assert [(one.file, one.code) for one in origin.unread] == [
            ("apple/link.png", "member_link_outside"),
            ("apple/lost.png", "member_link_broken"),
            ("apple/self.png", "member_link_loop"),
            ("other", "member_link_outside"),
            ("pear/again", "member_link_loop"),
            ("pear/pipe.png", "member_device"),
        ]
        assert all(explain_skipped({"file": one.file, "code": one.code, "values": {}}, "en") for one in origin.unread)

    def test_links_below_the_allowed_folder_are_followed(self, tmp_path):
        blobs = on_disk(tmp_path / "cache" / "blobs", {"0a": b"apple", "0b": b"pear"})
        root = on_disk(tmp_path / "cache" / "snapshots" / "1", {"list.txt": b"x"})
        (root / "apple").mkdir()
        (root / "apple" / "1.png").symlink_to(Path("../../../blobs/0a"))
        (root / "blobs").symlink_to(blobs)
        assert Folder(root).files == ("list.txt",)
        for links in (tmp_path / "cache", Path(tmp_path.anchor)):
            origin = Folder(root, links)
            assert (origin.files, origin.unread) == (("apple/1.png", "blobs/0a", "blobs/0b", "list.txt"), ())
            assert origin.read("apple/1.png") == b"apple"

    def test_a_link_that_is_turned_elsewhere_after_it_was_listed_is_not_read(self, tmp_path):  # Z02
        secret = on_disk(tmp_path / "secret", {"a.png": b"secret"})
        root = on_disk(tmp_path / "tree", {"apple/0.png": b"x"})
        link = root / "apple" / "1.png"
        link.symlink_to("0.png")
        origin = Folder(root)
        link.unlink()
        link.symlink_to(secret / "a.png")
        with pytest.raises(InputError) as caught:
            origin.read("apple/1.png")
        assert caught.value.code == "member_link_outside"

    def test_a_few_links_that_make_very_many_folders_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folder, "MAX_FILES", 200)
        for at in range(20):
            (tmp_path / f"f{at}").mkdir()
            for side in "ab":
                (tmp_path / f"f{at}" / side).symlink_to(tmp_path / f"f{at + 1}")
        (tmp_path / "f20").mkdir()
        with pytest.raises(InputError) as caught:
            Folder(tmp_path / "f0", tmp_path)
        assert caught.value.code == "import_entries"

    def test_too_many_files_are_refused_while_they_are_counted(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folder, "MAX_FILES", 2)
        with pytest.raises(InputError) as caught:
            Folder(on_disk(tmp_path, FILES))
        assert caught.value.code == "import_entries"

    def test_a_file_that_is_larger_than_any_picture_is_not_read(self, tmp_path):
        root = on_disk(tmp_path, FILES)
        with open(root / "apple" / "big.png", "wb") as file:
            file.truncate(MAX_FILE_BYTES + 1)
        with pytest.raises(ImageError) as caught:
            Folder(root).read("apple/big.png")
        assert (caught.value.code, caught.value.values["file"]) == ("image_bytes", "apple/big.png")

    def test_a_file_that_is_gone_when_it_is_read_is_said(self, tmp_path):
        root = on_disk(tmp_path, FILES)
        origin = Folder(root)
        (root / "apple" / "0.png").unlink()
        with pytest.raises(InputError) as caught:
            origin.read("apple/0.png")
        assert (caught.value.code, caught.value.values["file"]) == ("file_unreadable", "apple/0.png")

    def test_a_folder_that_cannot_be_read_is_said(self, tmp_path, monkeypatch):
        def refuse(path):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(folder.os, "scandir", refuse)
        with pytest.raises(InputError) as caught:
            Folder(tmp_path)
        assert caught.value.values["reason"] == "Permission denied"

    def test_names_that_are_no_text_are_read(self, tmp_path):
        (tmp_path / "apple").mkdir()
        name = os.fsdecode(b"caf\xe9.png")
        (tmp_path / "apple" / name).write_bytes(b"x")
        origin = Folder(tmp_path)
        assert origin.read(origin.files[0]) == b"x"


class TestWhatABrowserSent:
    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.png", "a/../../b.png", "./././c.png"]
    )
    def test_a_name_leads_nowhere_but_into_the_tree(self, tmp_path, name):  # Z01
        for origin in (Sent([(name, b"x")]), SentFiles(write_sent_files(tmp_path / "sent", [(name, b"x")]))):
            (file,) = origin.files
            assert ".." not in file.split("/")
            assert not file.startswith("/")
            assert origin.read(file) == b"x"
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["00000", "names.json", "sent"]

    def test_equal_names_are_told_apart_and_stay_in_their_folder(self):
        names = ["a/1.jpg", "a/1.jpg", "a/1 (2).jpg", "x.y/file", "x.y/file", ".jpg", ".jpg"]
        assert told_apart(names) == [
            "a/1.jpg",
            "a/1 (2).jpg",
            "a/1 (2) (2).jpg",
            "x.y/file",
            "x.y/file (2)",
            ".jpg",
            " (2).jpg",
        ]

    @given(st.lists(st.text(st.sampled_from("ab/.\\ (2)"), max_size=8), max_size=12))
    def test_no_file_is_lost_for_its_name(self, names):
        paths = told_apart(names)
        assert len(set(paths)) == len(paths) == len(names)
        assert [path.rpartition("/")[0] for path in paths] == [
            "/".join([part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")][:-1])
            for name in names
        ]

    def test_many_files_of_one_name_are_told_apart_quickly(self):
        assert len(set(told_apart(["image.jpg"] * 20_000))) == 20_000

    def test_a_list_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(InputError) as caught:
            open_source(tmp_path, "x", is_sent=True)
        assert caught.value.code == "import_missing"

    def test_a_disk_that_is_full_keeps_no_half_of_it(self, tmp_path, monkeypatch):
        written = []

        def fill_up(path: Path, data: bytes) -> None:
            written.append(path)
            if len(written) == 3:
                raise OSError(28, "No space left on device")
            with open(path, "wb") as file:
                file.write(data)

        monkeypatch.setattr(Path, "write_bytes", fill_up)
        with pytest.raises(OSError, match="No space"):
            write_sent_files(tmp_path / "sent", [(f"{at}.png", b"x") for at in range(5)])
        assert list(tmp_path.iterdir()) == []


class TestAnArchive:
    def test_what_is_no_archive_is_said_by_its_kind(self, tmp_path):  # Z11
        (tmp_path / "a.zip").write_bytes(b"Rar!\x1a\7\0" + bytes(50))
        with pytest.raises(InputError) as caught:
            open_source(tmp_path / "a.zip", "mine.zip")
        assert (caught.value.code, caught.value.values) == ("import_archive", {"file": "mine.zip", "received": "RAR"})

    def test_an_archive_that_may_not_be_opened_is_said(self, tmp_path, monkeypatch):
        def refuse(file, name):
            file.close()
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(trees, "Archive", refuse)
        with pytest.raises(InputError) as caught:
            open_source(zipped(tmp_path / "a.zip", FILES), "mine.zip")
        assert (caught.value.code, caught.value.values["file"]) == ("file_unreadable", "mine.zip")

    def test_a_disk_that_fails_while_a_member_is_read_is_said_of_that_member(self, tmp_path, monkeypatch):
        archive = Zip(zipped(tmp_path / "a.zip", FILES), "a.zip")

        def fail(member):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(archive._archive, "read", fail)
        with pytest.raises(InputError) as caught:
            archive.read("apple/0.png")
        assert caught.value.values == {"file": "apple/0.png", "reason": "Input/output error"}
        archive.close()

    def test_several_threads_read_at_once(self, tmp_path):
        files = tree(apple=30, pear=30)
        archive, found = Zip(zipped(tmp_path / "a.zip", files), "a.zip"), {}

        def read_all(number: int) -> None:
            found[number] = {file: archive.read(file) for file in archive.files}

        threads = [threading.Thread(target=read_all, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        archive.close()
        assert list(found.values()) == [files] * 4


def test_a_path_that_leads_nowhere_is_said_by_the_name_that_people_know(tmp_path):
    for path in (tmp_path / "nowhere", Path("/dev/null")):
        with pytest.raises(InputError) as caught:
            open_source(path, "mine")
        assert (caught.value.code, caught.value.values) == ("import_missing", {"received": "mine"})
