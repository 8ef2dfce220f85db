"""A stranger's ZIP becomes a list of pictures or one sentence, and nothing else. Row ids number the known attacks."""

import io
import random
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from counted import NO_FASTER, growth, lines_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from patience import PATIENCE_S

from tests.ingest.archive import hostile_archives as make
from tests.ingest.archive.hostile_archives import BZIP2, DEFLATE, DEFLATE64, ENCRYPTED, NTFS, UNIX, Part
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.disk.files import read_at
from tl_core.errors import ArchiveError, InputError
from tl_core.ingest.archive import directory, names
from tl_core.ingest.archive.archive import Archive, Member, open_archive
from tl_core.ingest.archive.directory import MAX_ENTRIES, Entry
from tl_core.ingest.archive.names import decode_names
from tl_core.paths import PROJECT

FILES = {"cat/1.png": b"miau" * 100, "cat/2.png": b"", "dog/1.png": bytes(range(256))}
CODES = {
    *("", "member_damaged", "archive_empty", "archive_kind", "archive_unknown", "archive_split", "archive_damaged"),
    *("archive_entries", "archive_directory", "archive_size", "archive_ratio", "archive_overlap", "archive_no_files"),
    *("archive_password", "archive_method", "archive_bytes", "archive_nothing"),
}
TRUTH = {path: FILES[path] for path in sorted(FILES)}
FEW_LINES, LINES_OF_A_ROW = 500, 30


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """An empty working folder, in which nothing but the archive itself may be afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path
    assert {path.name for path in tmp_path.rglob("*")} <= {"a.zip"}


def opened(data: bytes, name: str = "a.zip") -> Archive:
    Path("a.zip").write_bytes(data)
    return open_archive(Path("a.zip"), name)


def content(data: bytes) -> dict[str, bytes]:
    with opened(data) as archive:
        return {member.path: archive.read(member) for member in archive.members}


def listed(data: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns the paths of an archive's members, and name and code of what was left out."""
    with opened(data) as archive:
        return [member.path for member in archive.members], [(left.file, left.code) for left in archive.unread]


def refusal(data: bytes, name: str = "a.zip") -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        opened(data, name)
    return caught.value


def damage(data: bytes) -> str:
    """Returns the code with which reading the only member fails."""
    with opened(data) as archive, pytest.raises(ArchiveError) as caught:
        archive.read(archive.members[0])
    assert caught.value.values == {"file": archive.members[0].path}
    return caught.value.code


def left_out(part: Part) -> tuple[str, str]:
    """Returns name and code of a part that is left out while its neighbours are not."""
    members, unread = listed(make.archive(Part(b"a.png"), part, Part(b"z.png")))
    assert members == ["a.png", "z.png"]
    assert len(unread) == 1
    return unread[0]


def refused(data: bytes) -> tuple[ArchiveError, int, float]:
    """Returns the refusal, the lines of Python that it took to find it, and megabytes at most."""
    Path("a.zip").write_bytes(data)
    del data
    found = []
    tracemalloc.start()
    n_lines = lines_run(lambda: found.append(_refusal_of_the_file()))
    megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return found[0], n_lines, megabytes


def _refusal_of_the_file() -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        open_archive(Path("a.zip"), "a.zip")
    return caught.value


def megabytes_of(data: bytes) -> float:
    """Returns the memory of a process of its own that opens an archive."""
    Path("a.zip").write_bytes(data)
    code = (
        "from tl_core.ingest.archive.archive import open_archive\n"  # ru_maxrss counts the parent process too
        "peak = lambda: int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) / 1e3\n"
        "before = peak()\n"
        f"archive = open_archive({str(Path('a.zip').resolve())!r}, 'a')\n"
        "print(peak() - before)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=True, timeout=PATIENCE_S)
    return float(done.stdout)


@pytest.fixture
def n_inflated(monkeypatch) -> list[int]:
    """One entry for each time that something is about to be unpacked."""
    started, inflater = [], zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda *asked: started.append(1) or inflater(*asked))
    return started


class Name(bytes):
    """A name that notes in which encoding it is read."""

    read: ClassVar[Counter] = Counter()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        Name.read[encoding if errors == "strict" else f"{encoding}, broken"] += len(self)
        return super().decode(encoding, errors)


def survey(data: bytes) -> str:
    """Opens and reads all; returns the last code, or "" if there is none. Other errors come through."""
    code = ""
    try:
        with opened(data) as archive:
            paths = [member.path for member in archive.members]
            for member in archive.members:
                code = _reading(archive, member) or code
    except ArchiveError as error:
        return error.code
    assert paths == sorted(set(paths))
    assert not any({"", ".", ".."} & set(path.split("/")) for path in paths)
    return code


def _reading(archive: Archive, member: Member) -> str:
    try:
        data = archive.read(member)
    except ArchiveError as error:
        return error.code
    assert len(data) == member.n_bytes
    return ""


class TestOrdinaryArchives:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_every_file_is_listed_in_order_and_read(self, method):
        assert list(content(make.ordinary(FILES, method)).items()) == list(TRUTH.items())

    def test_sizes_that_follow_the_content_are_fine(self):
        assert content(make.streamed(FILES)) == TRUTH

    def test_an_archive_may_follow_something_else(self):
        assert content(b"#!/bin/sh\nexit\n" * 99 + make.ordinary(FILES)) == TRUTH
        assert content(make.archive(Part(b"a.png", b"12"), prefix=b"MZ" * 999)) == {"a.png": b"12"}

    def test_a_comment_may_be_as_long_as_it_can_be(self):
        assert content(make.archive(Part(b"a.png", b"12"), comment=b"PK\5\6" + bytes(65_531))) == {"a.png": b"12"}

    def test_a_little_behind_the_end_does_no_harm(self):
        assert content(make.ordinary(FILES) + bytes(512)) == TRUTH

    @pytest.mark.parametrize("prefix", [b"", b"MZ" * 50])
    def test_numbers_of_sixty_four_bits_are_read(self, prefix):
        data = b"12"
        numbers = struct.pack("<HHQQQ", 1, 24, 2, 2, 0)
        part = Part(b"a.png", data, n_bytes=0xFFFFFFFF, n_packed=0xFFFFFFFF, offset=0xFFFFFFFF, extra=numbers)
        row = make.central_row(part, 0xFFFFFFFF, 0xFFFFFFFF, zlib.crc32(data), 0xFFFFFFFF)
        local = make.local_header(part, 2, 2, zlib.crc32(data)) + data
        assert content(prefix + local + row + make.large_end_record(1, len(row), len(local))) == {"a.png": data}

    def test_folders_are_told_apart_from_files(self):
        parts = [Part(b"cat/", b""), Part(b"dog", b"", mode=make.FOLDER), Part(b"fish", b"", attributes=0x10)]
        with opened(make.archive(*parts, Part(b"./", b""), Part(b"cat/1.png"))) as archive:
            assert archive.folders == ("cat", "dog", "fish")
            assert [member.path for member in archive.members] == ["cat/1.png"]

    def test_parts_of_a_path_that_say_nothing_are_dropped(self):
        assert listed(make.named(b"./cat//./1.png")) == (["cat/1.png"], [])

    def test_several_threads_read_at_once(self):
        files = {f"{at}.png": random.Random(at).randbytes(200_000) for at in range(8)}
        found: dict[str, list[bytes]] = {path: [] for path in files}
        with opened(make.ordinary(files)) as archive:

            def read_all(seed: int) -> None:
                for member in random.Random(seed).sample(archive.members, 8):
                    found[member.path].append(archive.read(member))

            threads = [threading.Thread(target=read_all, args=(seed,)) for seed in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        assert found == {path: [data] * 8 for path, data in files.items()}

    def test_a_closed_archive_reads_nothing(self):
        with opened(make.ordinary(FILES)) as archive:
            member = archive.members[0]
        with pytest.raises(ValueError, match="closed"):
            archive.read(member)

    def test_a_file_that_is_not_there_is_no_archive_error(self):
        with pytest.raises(FileNotFoundError):
            open_archive(Path("b.zip"), "b.zip")

    def test_sixty_thousand_files_are_listed_in_little_memory(self):
        assert megabytes_of(make.empty_files(MAX_ENTRIES, "我的数据集/训练集/猫/IMG_20240101_{:06}.jpg")) < 60

    def test_many_files_are_listed_with_as_much_work_for_each_as_few(self):
        def cost(n: int) -> int:
            data = make.empty_files(n, "我的数据集/训练集/猫/IMG_20240101_{:06}.jpg")
            return lines_run(lambda: opened(data).close())

        assert growth(cost, 500) < NO_FASTER
        assert cost(500) < 500 * 3 * LINES_OF_A_ROW

    @given(
        some.dictionaries(
            some.text(some.characters(codec="utf-8", exclude_characters="./\\\0:"), min_size=1, max_size=20),
            some.binary(max_size=300),
            min_size=1,
            max_size=8,
        )
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
    def test_whatever_zipfile_packs_is_read_back(self, files):
        files = {f"d{at}/{path}": data for at, (path, data) in enumerate(files.items())}
        assert content(make.ordinary(files)) == {
            path: data for path, data in files.items() if path.rpartition("/")[2] != "__MACOSX"
        }


class TestPathsThatLeadElsewhere:
    @pytest.mark.parametrize(
        "name",
        [
            *(b"../evil.png", b"../../../../etc/evil.png", b"cat/../../evil.png", b"cat/../evil.png", b".."),
            *(b"/abs/evil.png", b"//server/share/evil.png", b"..\\evil.png", b"cat\\..\\..\\evil.png"),
            *(b"C:\\evil.png", b"c:evil.png", b"C:/evil.png", b"\\\\server\\share\\evil.png", b"\\evil.png"),
            *(b"../a.zip-sibling/evil.png", b"cat/.. /evil.png", b"evil.png\0.jpg", b"", b"a/" * 600 + b"evil.png"),
        ],
    )
    @pytest.mark.parametrize("host", [make.DOS, UNIX])
    def test_a_member_outside_is_left_out_and_named(self, name, host):  # Z01
        file, code = left_out(Part(name, host=host))
        assert code == "member_path"
        assert file

    def test_folders_outside_are_named_too(self):  # Z01
        assert left_out(Part(b"../up/", b"")) == ("../up/", "member_path")

    def test_dots_that_lead_nowhere_are_only_dots(self):
        assert listed(make.named(b"cat/1..2.png", b"a..b/1.png")) == (["a..b/1.png", "cat/1..2.png"], [])


class TestWhatIsNoFile:
    @pytest.mark.parametrize("mode", [make.LINK, make.FIFO, make.DEVICE, 0o020644, 0o140644])
    def test_links_and_devices_are_left_out(self, mode):  # Z02
        assert left_out(Part(b"cat/1.png", b"/etc/passwd", UNIX, mode=mode)) == ("cat/1.png", "member_link")

    def test_what_lies_behind_a_linked_folder_is_only_a_path(self):  # Z02
        members, unread = listed(make.archive(Part(b"cat", b"/etc", UNIX, mode=make.LINK), Part(b"cat/passwd", b"1")))
        assert (members, unread) == (["cat/passwd"], [("cat", "member_link")])

    def test_what_systems_leave_behind_is_ignored_without_a_word(self):  # Z07
        names = [b"__MACOSX/cat/._1.png", b"cat/._1.png", b"cat/.DS_Store", b"cat/Thumbs.db", b"cat/desktop.ini"]
        names += [b".git/config", b"cat/.hidden/2.png", b"cat/thumbs.db", b"__MACOSX/", b"cat/Desktop.ini"]
        with opened(make.named(b"cat/1.png", *names)) as archive:
            assert [member.path for member in archive.members] == ["cat/1.png"]
            assert (archive.unread, archive.folders) == ((), ())

    def test_an_archive_in_the_archive_stays_closed(self):  # Z05
        inner = make.ordinary(FILES, zipfile.ZIP_STORED)
        files = {"cat/1.png": inner, "inner.zip": inner}
        assert content(make.ordinary(files, zipfile.ZIP_STORED)) == files


class TestBombs:
    @pytest.mark.parametrize(
        ("bomb", "code"),
        [
            (make.big_bomb, "archive_ratio"),
            (make.many_bombs, "archive_ratio"),
            (make.overlap_bomb, "archive_overlap"),
            (make.shared_bomb, "archive_overlap"),
        ],
    )
    def test_a_bomb_is_refused_by_its_directory_alone(self, bomb, code, n_inflated):  # Z03
        error, n_lines, megabytes = refused(bomb())
        assert error.code == code
        assert n_inflated == []
        assert n_lines < FEW_LINES + 1250 * LINES_OF_A_ROW  # so many files the largest has
        assert megabytes < 100

    @pytest.mark.parametrize("n_bytes", [0, 10, 19_999_999, 20_000_001, 4_000_000_000])
    def test_a_size_that_lies_costs_no_more_than_it_claims(self, n_bytes):  # Z03
        packed = make.zeros(20_000_000)
        liar = Part(b"a.png", b"", method=DEFLATE, packed=packed, n_bytes=n_bytes, crc=zlib.crc32(bytes(20_000_000)))
        Path("a.zip").write_bytes(make.archive(liar))
        tracemalloc.start()
        with pytest.raises(ArchiveError) as caught, open_archive(Path("a.zip"), "a.zip") as archive:
            archive.read(archive.members[0])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert caught.value.code == ("archive_ratio" if n_bytes > 1e9 else "member_damaged")
        assert peak < 2.1 * min(n_bytes, 20_000_000) + 1_000_000

    def test_content_that_reaches_into_the_next_file_is_not_read(self):  # Z03: only the file's own header shows it
        with opened(make.hidden_overlap()) as archive:
            assert archive.read(archive.members[1]) == bytes(500)
            with pytest.raises(ArchiveError, match="member_damaged"):
                archive.read(archive.members[0])

    @pytest.mark.parametrize(
        ("data", "code", "n"),
        [
            (lambda: make.many_rows(100_000), "archive_entries", 100_000),
            (lambda: make.empty_files(MAX_ENTRIES + 1), "archive_entries", MAX_ENTRIES + 1),
            (lambda: make.rows_behind_a_lie(320_000, 10), "archive_directory", 320_000),
        ],
        ids=["rows", "files", "bytes"],
    )
    def test_too_many_rows_are_refused_before_they_are_read(self, data, code, n):  # Z04
        error, n_lines, megabytes = refused(data())
        assert error.code == code
        assert (error.values.get("received", n), error.values.get("allowed", MAX_ENTRIES)) == (n, MAX_ENTRIES)
        assert n_lines < FEW_LINES
        assert megabytes < 1

    @pytest.mark.parametrize(("rows", "stated"), [(1000, 10), (601, 600)])
    def test_rows_that_were_not_counted_are_counted(self, rows, stated, monkeypatch):  # Z04
        monkeypatch.setattr(directory, "MAX_ENTRIES", 600)
        error, n_lines, megabytes = refused(make.rows_behind_a_lie(rows, stated))
        assert (error.code, error.values["received"]) == ("archive_entries", rows)
        assert n_lines < FEW_LINES + rows * LINES_OF_A_ROW
        assert megabytes < 0.8  # what 600 rows take, however many follow

    @pytest.mark.parametrize("name", [b"%05d" + b"/\xff" * 107, b"../%05d" + b"\xb0 " * 106])
    def test_the_worst_names_are_as_much_work_each_when_there_are_many(self, name):
        def cost(n: int) -> int:
            data = make.named(*(name % at for at in range(n)))
            return lines_run(lambda: survey(data))

        assert growth(cost, 500) < NO_FASTER

    @pytest.mark.parametrize("name", [b"%05d" + b"/\xff" * 107, b"../%05d" + b"\xb0 " * 106])
    def test_of_a_flood_of_the_worst_names_only_some_are_judged_and_none_is_searched_for_letters(
        self, name, monkeypatch
    ):
        judged, surprise = [], names._surprise
        monkeypatch.setattr(Name, "read", Counter())
        monkeypatch.setattr(names, "_MAX_JUDGED_PARTS", 100)
        monkeypatch.setattr(names, "_MAX_BROKEN_BYTES", 50_000)
        monkeypatch.setattr(names, "_surprise", lambda parts, by: judged.extend(parts) or surprise(parts, by))
        decode_names([Entry(Name(name % at), None, 0, 0, 0, 0, 0, 0, 0, 0) for at in range(400)])
        assert len(judged) == 4 * 100  # by each of four encodings
        assert max(map(len, judged)) <= 200
        assert not {way for way in Name.read if way.endswith("broken")} - {"ascii, broken"}
        assert sum(Name.read.values()) <= 3 * 400 * len(name % 0)

    def test_a_false_end_is_as_much_work_each_when_there_are_thousands(self, monkeypatch):
        n_bytes = []

        def noted(fd: int, n: int, at: int) -> bytes:
            n_bytes.append(n)
            return read_at(fd, n, at)

        def cost(n: int) -> int:
            error, n_lines, _ = refused(b"PK\3\4" + bytes(60) + make.end_record(3, 50, 5) * n)
            assert error.code == "archive_damaged"
            return n_lines

        monkeypatch.setattr(directory, "read_at", noted)
        assert growth(cost, 700) < NO_FASTER
        assert sum(n_bytes) < 200_000 + 100 * len(n_bytes)  # the file's end is read once, then a few bytes of each

    def test_a_drawing_may_shrink_a_hundredfold(self):
        assert content(make.ordinary({"a.bmp": bytes(3_000_000)})) == {"a.bmp": bytes(3_000_000)}


class TestNamesThatAreTrouble:
    def test_names_in_the_encoding_of_chinese_windows_are_classes(self):  # Z06
        with opened(make.named(b"\xc3\xa8/1.jpg", b"\xb9\xb7/1.jpg", host=NTFS)) as archive:
            assert [member.path for member in archive.members] == ["狗/1.jpg", "猫/1.jpg"]
            assert archive.encoding == "gb18030"

    def test_bytes_that_mean_nothing_are_readable_paths(self):  # Z06
        assert listed(make.named(b"\xff\xff/1.jpg", b"%FF%FF/1.jpg"))[0] == ["%25FF%25FF/1.jpg", "%FF%FF/1.jpg"]

    def test_of_two_files_with_one_name_the_later_is_taken_and_said_so(self):  # Z09
        data = make.archive(Part(b"a.png", b"old"), Part(b"b.png"), Part(b"a.png", b"new"))
        assert content(data) == {"a.png": b"new", "b.png": b"x"}
        assert listed(data)[1] == [("a.png", "member_twice")]

    @pytest.mark.parametrize(
        "names",
        [
            ("cat/A.png", "cat/a.png", "CAT/a.png"),
            ("caf\u00e9/1.png", "cafe\u0301/1.png"),
            ("cat /1.png", "cat./1.png", "cat/1.png"),
            ("CON/NUL.png", "aux", "COM1.png"),
            ("c" * 300 + "/" + "d" * 300 + ".png",),
            ("<img onerror>/=1+1.png", "**b**:red[x]/🐱.png", "a\nb/1.png"),
        ],
    )
    def test_odd_names_stay_as_they_are(self, names):  # Z09, Z10
        assert listed(make.named(*(name.encode() for name in names), flags=make.UTF8)) == (sorted(names), [])

    def test_a_file_may_have_the_name_of_a_folder(self):  # Z09
        assert listed(make.named(b"cat", b"cat/1.png")) == (["cat", "cat/1.png"], [])


class TestWhatCannotBeRead:
    def test_an_empty_file_is_called_empty(self):  # Z11
        assert refusal(b"").code == "archive_empty"

    @pytest.mark.parametrize(
        ("head", "received"),
        [
            *((b"Rar!\x1a\7\0", "RAR"), (b"Rar!\x1a\7\1\0", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z")),
            *((b"\x1f\x8b\x08", "gzip"), (b"BZh9", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "Zstandard")),
            *(
                (b"a.png".ljust(257, b"\0") + b"ustar\x0000", "tar"),
                (b"\x89PNG\r\n\x1a\n", "PNG"),
                (b"%PDF-1.7", "PDF"),
            ),
            *((b"\xff\xd8\xff\xe0", "JPEG"), (b"\0\0\0\x18ftypheic", "HEIC"), (b"<!doctype html><p>", "HTML")),
        ],
    )
    def test_another_kind_is_called_by_its_name(self, head, received):  # Z11
        error = refusal(head + bytes(999), "../pictures\u202e.zip")
        assert (error.code, error.values) == ("archive_kind", {"file": "pictures?.zip", "received": received})

    def test_a_rar_with_a_zip_inside_is_a_rar(self):  # Z11
        assert refusal(b"Rar!\x1a\7\0" + make.ordinary(FILES)).values["received"] == "RAR"

    @pytest.mark.parametrize("data", [b"x", b"hello world" * 100, bytes(10_000), b"PK"])
    def test_what_nobody_knows_is_unknown(self, data):  # Z11
        assert refusal(data).code == "archive_unknown"

    @pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.97, 0.999])
    def test_a_zip_that_was_cut_short_is_damaged(self, share):  # Z11
        data = make.ordinary({f"{at}.png": random.Random(at).randbytes(900) for at in range(20)})
        assert refusal(data[: int(len(data) * share)]).code == "archive_damaged"

    def test_a_cut_archive_is_not_taken_for_one_inside_it(self):  # Z11
        inner = make.ordinary(FILES)
        data = make.ordinary({"inner.zip": inner, "b.png": bytes(9)}, zipfile.ZIP_STORED)
        assert refusal(data[:-30]).code == "archive_damaged"

    def test_a_part_of_a_split_archive_says_so(self):  # Z11
        assert refusal(make.archive(Part(b"a.png"), disk=2)).code == "archive_split"
        assert refusal(b"PK\7\x08PK\3\4" + bytes(99)).code == "archive_split"

    def test_files_with_a_password_are_left_out_by_name(self):  # Z11
        assert left_out(Part(b"cat/1.png", flags=ENCRYPTED)) == ("cat/1.png", "member_password")
        assert left_out(Part(b"cat/1.png", flags=ENCRYPTED, method=99)) == ("cat/1.png", "member_password")

    def test_an_archive_with_a_password_says_so(self):  # Z11
        assert refusal(make.named(b"cat/", b"cat/1.png", b"2.png", flags=ENCRYPTED)).code == "archive_password"

    @pytest.mark.parametrize(
        ("method", "received"), [(DEFLATE64, "Deflate64"), (BZIP2, "bzip2"), (14, "LZMA"), (77, "77")]
    )
    def test_another_compression_is_called_by_its_name(self, method, received):  # Z11
        assert left_out(Part(b"1.png", method=method)) == ("1.png", "member_method")
        error = refusal(make.archive(Part(b"1.png", method=method), Part(b"2.png", method=method)))
        assert (error.code, error.values["received"]) == ("archive_method", [received])

    def test_a_wrong_checksum_is_found(self):  # Z11
        assert damage(make.archive(Part(b"a.png", b"12", crc=1))) == "member_damaged"
        assert damage(make.archive(Part(b"a.png", b"12" * 99, method=DEFLATE, crc=1))) == "member_damaged"

    def test_bits_that_fell_over_are_found(self):  # Z11
        data = bytearray(make.ordinary({"a.png": random.Random(1).randbytes(2000)}))
        data[1000] ^= 4
        assert damage(bytes(data)) == "member_damaged"

    @pytest.mark.parametrize(
        "lie",
        [
            *({"local_name": b"b.png"}, {"local_name": b"longer.png"}, {"local_method": DEFLATE}),
            *({"local_flags": ENCRYPTED}, {"n_bytes": 1}, {"n_bytes": 3}, {"packed": b"1", "n_packed": 2}),
            {"offset": 1},
        ],
    )
    def test_a_file_whose_own_header_says_something_else_is_damaged(self, lie):
        assert survey(make.archive(Part(b"a.png", b"12")._replace(**lie))) in ("member_damaged", "archive_damaged")

    def test_deflated_data_that_does_not_end_is_damaged(self):
        packed = make.deflated(b"12" * 999)[:-2]
        assert damage(make.archive(Part(b"a.png", b"12" * 999, method=DEFLATE, packed=packed))) == "member_damaged"

    def test_a_file_too_large_for_a_picture_is_left_out(self):
        assert left_out(Part(b"film.mp4", bytes(MAX_FILE_BYTES + 1))) == ("film.mp4", "member_bytes")
        error = refusal(make.archive(Part(b"film.mp4", bytes(MAX_FILE_BYTES + 1))))
        assert (error.code, error.values) == ("archive_bytes", {"file": "a.zip", "received": 1, "allowed_mb": 50})

    @pytest.mark.parametrize("names", [(), (b"cat/", b"dog/"), (b"__MACOSX/1.png", b".DS_Store")])
    def test_an_archive_without_files_says_so(self, names):
        assert refusal(make.named(*names)).code == "archive_no_files"

    def test_an_archive_of_nothing_usable_says_so(self):
        error = refusal(make.archive(Part(b"../a.png"), Part(b"b.png", flags=ENCRYPTED)))
        assert (error.code, error.values["received"]) == ("archive_nothing", 2)

    def test_more_than_a_disk_holds_is_refused(self):
        huge = struct.pack("<HHQ", 1, 8, 251 * 10**9)
        data = make.archive(Part(b"a.png"), Part(b"b.png", n_bytes=0xFFFFFFFF, extra=huge))
        Path("a.zip").write_bytes(b"")
        with open("a.zip", "wb") as file:  # a prefix of 3 GB that takes no room on the disk
            file.seek(3_000_000_000)
            file.write(data)
        with pytest.raises(ArchiveError, match="archive_size"):
            open_archive(Path("a.zip"), "a.zip")

    def test_the_error_is_an_input_error_and_names_the_file_without_its_folders(self):
        error = refusal(b"", "C:\\Users\\me\\" + "x" * 200 + ".zip")
        assert isinstance(error, InputError)
        assert len(error.values["file"]) <= 80


class TestAnything:
    QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
    SEEDS = (
        make.ordinary(FILES),
        make.streamed(FILES),
        make.archive(Part(b"\xc3\xa8"), prefix=b"MZ", comment=b"PK\5\6"),
    )

    @given(some.binary(max_size=400), some.sampled_from([b"", b"PK\3\4", b"PK\5\6"]))
    @QUICK
    def test_random_bytes_are_a_list_or_a_sentence(self, data, head):
        assert survey(head + data) in CODES

    @given(some.sampled_from(SEEDS), some.data())
    @QUICK
    def test_changed_archives_are_a_list_or_a_sentence(self, seed, draw):
        data = bytearray(seed)
        for _ in range(draw.draw(some.integers(1, 6))):
            at = draw.draw(some.integers(0, len(data) - 1))
            data[at] = draw.draw(some.sampled_from([0, 1, 0x7F, 0x80, 0xFF, data[at] ^ 1, data[at] ^ 0x40]))
        assert survey(bytes(data)) in CODES

    @given(some.sampled_from(SEEDS), some.data())
    @QUICK
    def test_shortened_and_spliced_archives_are_a_list_or_a_sentence(self, seed, draw):
        start, stop = sorted(draw.draw(some.tuples(*[some.integers(0, len(seed))] * 2)))
        assert survey(seed[:start] + draw.draw(some.binary(max_size=9)) + seed[stop:]) in CODES

    def test_what_zipfile_lists_is_listed_the_same(self):
        data = make.ordinary({f"{at % 3}/{at}.png": random.Random(at).randbytes(at) for at in range(99)})
        with zipfile.ZipFile(io.BytesIO(data)) as oracle:
            assert content(data) == {path: oracle.read(path) for path in oracle.namelist()}
