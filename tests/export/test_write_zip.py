import zipfile
from pathlib import Path

import pytest

from tl_core.errors import StoreError
from tl_core.export.archive import write_zip


def test_equal_files_make_equal_zips_and_what_is_packed_already_is_not_packed_again(tmp_path):
    files = {"a.txt": b"a" * 1000, "b.png": b"b" * 1000}
    for name in ("one.zip", "two.zip"):
        write_zip(tmp_path / name, files.items())
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        ways = [one.compress_type for one in archive.infolist()]
    assert ways == [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]


@pytest.mark.parametrize(
    ("problem", "told"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "full"), StoreError)]
)
def test_what_breaks_in_the_midst_leaves_what_was_there_and_nothing_half_written(tmp_path, problem, told):
    def files():
        yield "a.txt", b"a"
        raise problem

    target = Path(tmp_path / "one.zip")
    target.write_bytes(b"before")
    with pytest.raises(told):
        write_zip(target, files())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("one.zip", b"before")]
