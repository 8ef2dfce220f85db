"""In which encoding the names of an archive are: decided for all of them together. Row ids number the known attacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.ingest.archive import hostile_archives as make
from tests.ingest.archive.hostile_archives import DOS, MACOS, NTFS, UNIX, UTF8, Part
from tl_core.ingest.archive.archive import open_archive
from tl_core.ingest.archive.directory import Entry
from tl_core.ingest.archive.names import MAX_SHOWN_LENGTH, decode_names, shown_path

# Letters between two ideographs are left out: "猫a猫" of a Chinese Windows is also the "èaè" of a Western one.
EVERYDAY = some.builds(
    lambda chinese, latin: f"{chinese}{latin}图片/1.jpg",
    some.text("猫狗苹果香蕉可爱的小", max_size=8),
    some.text("abc019_ ", max_size=4),
)


def entry(name: bytes, host: int = DOS, flags: int = 0, unicode_name: str | None = None) -> Entry:
    return Entry(name, unicode_name, host, flags, 0, 0, 1, 1, 0, 0)


def decoded(*names: bytes, host: int = DOS) -> tuple[list[str], str]:
    return decode_names([entry(name, host) for name in names])


def survives(encoding: str, *names: str, host: int = DOS) -> bool:
    """Whether these names come back from this encoding, and nothing but them."""
    return decoded(*(name.encode(encoding) for name in names), host=host)[0] == list(names)


class TestChina:
    """Windows in China writes GBK, whose two-byte signs are now and then UTF-8 by chance."""

    def test_cat_and_dog_stay_cat_and_dog(self):  # Z06
        assert decoded(b"\xc3\xa8/1.jpg", b"\xb9\xb7/1.jpg") == (["猫/1.jpg", "狗/1.jpg"], "gb18030")

    @pytest.mark.parametrize("host", [DOS, NTFS])
    def test_a_cat_alone_is_no_accent(self, host):  # Z06: these bytes are "è" in UTF-8
        assert decoded(b"\xc3\xa8/1.jpg", b"\xc3\xa8/2.jpg", host=host) == (["猫/1.jpg", "猫/2.jpg"], "gb18030")

    @pytest.mark.parametrize(
        "classes",
        [
            ("苹果", "梨", "香蕉", "西瓜"),
            ("猫", "狗", "鸟", "鱼"),
            ("剪刀", "石头", "布"),
            ("可回收物", "厨余垃圾", "有害垃圾", "其他垃圾"),
            ("玫瑰", "郁金香", "向日葵", "蒲公英"),
            ("戴口罩", "不戴口罩"),
            ("新建文件夹", "新建文件夹 (2)"),
            ("正常", "异常"),
            ("晴天", "雨天", "多云"),
            ("数字0", "数字1"),
            ("猕猴桃", "柠檬", "荔枝"),
        ],
    )
    @pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
    def test_classes_of_real_projects_are_read(self, classes, encoding):
        host = UNIX if encoding == "utf-8" else DOS
        assert survives(encoding, *(f"数据集/{name}/IMG_{at}.jpg" for name in classes for at in (1, 2)), host=host)
        assert survives(encoding, *(f"{name}/{at}.png" for name in classes for at in (1, 2)), host=host)

    @pytest.mark.parametrize("name", ["猫a猫图片", "苹b猫图片", "小小小小小小小小猫a图片", "片片a"])
    def test_letters_that_no_language_has_side_by_side_are_chinese(self, name):
        assert survives("gbk", f"{name}/1.jpg")

    @pytest.mark.parametrize("name", ["苹果", "狗", "石头", "鱼", "梨", "花", "汽车", "一", "猫猫", "图片", "微信图片"])
    def test_a_single_name_is_enough(self, name):
        assert survives("gbk", f"{name}.jpg")
        assert survives("gbk", f"dataset/train/{name}/cat001.jpg")

    def test_utf8_without_its_flag_is_also_recognised_from_windows(self):  # 7-Zip, Java and others
        assert survives("utf-8", "猫/1.jpg", "狗/1.jpg", host=DOS)
        assert survives("utf-8", "苹果.jpg", host=NTFS)

    def test_the_backslash_inside_a_sign_is_no_separator(self):
        assert b"\\" in "猏".encode("gbk")
        assert survives("gbk", "猏猫狗的图片/中国/1.jpg", "苹果香蕉/西瓜.jpg")


class TestOtherLanguages:
    @pytest.mark.parametrize("host", [UNIX, MACOS])
    def test_macos_writes_utf8_without_the_flag(self, host):  # Z06
        assert survives("utf-8", "猫/1.jpg", "狗/1.jpg", "cafe\u0301/e\u0301te\u0301.jpg", host=host)

    def test_on_unix_an_accent_alone_is_an_accent(self):
        assert decoded(b"\xc3\xa8/1.jpg", host=UNIX) == (["è/1.jpg"], "utf-8")

    @pytest.mark.parametrize(
        "names",
        [
            ("猫/1.jpg", "犬/1.jpg", "リンゴ/1.jpg"),
            ("りんご.jpg",),
            ("犬.jpg",),
            ("新しいフォルダー/写真.jpg",),
            ("表だよ/一覧表.txt", "表だよ/漢字.txt"),
        ],
    )
    def test_japanese_windows_writes_shift_jis(self, names):  # Z06
        assert survives("cp932", *names)

    @pytest.mark.parametrize(
        "names",
        [
            ("café.jpg",),
            ("Bäume/1.jpg", "Vögel/1.jpg", "Hunde/für.jpg"),
            ("élan.jpg", "naïf.jpg", "garçon.jpg"),
            ("piñata/año.jpg",),
        ],
    )
    @pytest.mark.parametrize("encoding", ["cp437", "utf-8"])
    def test_western_names_keep_their_accents(self, names, encoding):
        assert survives(encoding, *names, host=DOS)

    @pytest.mark.parametrize(
        "names", [("кот/1.jpg", "собака/1.jpg"), ("고양이.jpg", "개.jpg"), ("แมว.jpg",), ("🐱.jpg",)]
    )
    def test_any_language_comes_through_in_utf8(self, names):
        assert survives("utf-8", *names)
        assert survives("utf-8", *names, host=UNIX)

    def test_plain_names_leave_nothing_to_decide(self):
        assert decoded(b"cat/1.jpg", b"dog/1.jpg") == (["cat/1.jpg", "dog/1.jpg"], "ascii")

    def test_plain_folders_around_chinese_files_change_nothing(self):
        assert survives("gbk", *(f"cat/{at}.jpg" for at in range(50)), "cat/猫.jpg", "train/dog/狗.jpg")


class TestStatedNames:
    def test_a_flagged_name_is_utf8_whatever_the_others_are(self):
        entries = [entry("猫.jpg".encode(), flags=UTF8), entry("狗和猫.jpg".encode("gbk"))]
        assert decode_names(entries) == (["猫.jpg", "狗和猫.jpg"], "gb18030")

    def test_a_flag_that_lies_is_not_believed(self):
        entries = [entry("狗.jpg".encode("gbk"), flags=UTF8), entry("猫.jpg".encode("gbk"))]
        assert decode_names(entries)[0] == ["狗.jpg", "猫.jpg"]

    def test_the_unicode_path_wins(self):
        assert decode_names([entry(b"\xc3\xa8.jpg", unicode_name="犬.jpg")]) == (["犬.jpg"], "ascii")


class TestBrokenNames:
    def test_bytes_that_mean_nothing_are_escaped(self):  # Z06
        assert decoded(b"\xff\xfe\xff/1.jpg")[0] == ["%FF%FE%FF/1.jpg"]

    def test_one_broken_name_does_not_spoil_the_others(self):  # Z06
        names, encoding = decoded(
            "猫/1.jpg".encode("gbk"), "狗/1.jpg".encode("gbk"), "狗/1".encode("gbk") + b"\xff.jpg"
        )
        assert (names, encoding) == (["猫/1.jpg", "狗/1.jpg", "狗/1%FF.jpg"], "gb18030")

    def test_an_escape_is_never_taken_for_the_same_name_written_out(self):  # Z06: two classes would become one
        names, _ = decoded(b"\xff\xff/1.jpg", b"%FF%FF/1.jpg", b"%25FF%25FF/1.jpg")
        assert len(set(names)) == 3

    @given(some.sets(some.binary(min_size=1, max_size=12), min_size=1, max_size=12), some.sampled_from([DOS, UNIX]))
    def test_names_that_differ_stay_different(self, raw, host):  # Z06
        names, encoding = decode_names([entry(name, host) for name in sorted(raw)])
        readable = {name.replace(b"\\", b"/") for name in raw}
        if encoding in ("ascii", "utf-8", "cp437"):  # the others spell a few signs in two ways
            assert len(set(names)) >= len(readable)
        assert all(name.encode("utf-8", "ignore").decode() == name for name in names)  # no half of a surrogate pair

    @given(some.lists(EVERYDAY, min_size=1, max_size=8))
    def test_everyday_chinese_comes_back_from_both_its_encodings(self, names):
        assert survives("gbk", *names)
        assert survives("utf-8", *names, host=UNIX)


class TestSeparators:
    def test_windows_tools_may_write_backslashes(self):
        assert decoded(b"train\\cat\\1.jpg", b"train\\dog\\1.jpg")[0] == ["train/cat/1.jpg", "train/dog/1.jpg"]
        assert decoded(b"train\\cat\\1.jpg", b"train/dog/1.jpg", host=NTFS)[0] == ["train/cat/1.jpg", "train/dog/1.jpg"]

    def test_on_unix_a_backslash_may_be_a_letter(self):
        assert decoded(b"cat/a\\b.jpg", host=UNIX)[0] == ["cat/a\\b.jpg"]
        assert decoded(b"cat\\b.jpg", host=UNIX)[0] == ["cat/b.jpg"]


class TestShownPaths:
    def test_nothing_invisible_and_nothing_endless_is_shown(self):  # Z10
        assert shown_path("cat/\u202egpj.\n\0\u200b.png") == "cat/?gpj.???.png"
        assert len(shown_path("猫" * 5000)) == MAX_SHOWN_LENGTH
        assert shown_path("") == "?"
        assert shown_path("猫 图/1.jpg") == "猫 图/1.jpg"


def test_a_unicode_path_of_another_name_is_ignored(tmp_path):
    right = Part(b"\xc3\xa8.jpg", extra=make.unicode_path(b"\xc3\xa8.jpg", "犬.jpg"))
    stale = Part(b"plain.jpg", extra=make.unicode_path(b"before.jpg", "犬2.jpg"))
    (tmp_path / "a.zip").write_bytes(make.archive(right, stale))
    with open_archive(tmp_path / "a.zip", "a.zip") as archive:
        assert [member.path for member in archive.members] == ["plain.jpg", "犬.jpg"]
