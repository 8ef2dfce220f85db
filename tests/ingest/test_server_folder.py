"""Which paths on the server a visitor may name. Row ids (Z01 …) number the known attacks."""

from pathlib import Path

import pytest

from tests.ingest.pictures import on_disk
from tl_core.errors import InputError
from tl_core.ingest import server_folder as module
from tl_core.ingest.server_folder import offered, safe_join


@pytest.fixture
def root(tmp_path) -> Path:
    """The operator's folder, with things beside it that are nobody's business."""
    files = {"fruit/apple/1.png": b"x", "fruit/deep/er/2.zip": b"x", "sets.zip": b"x", "a.txt": b"x", ".x/1.zip": b"x"}
    on_disk(tmp_path / "beside", {"secret.zip": b"x"})
    on_disk(tmp_path / "shared-too", {"secret.zip": b"x"})
    return on_disk(tmp_path / "shared", files)


def test_folders_and_archives_are_offered_by_their_paths_two_folders_deep(root):
    assert offered(root) == ["fruit", "fruit/apple", "fruit/deep", "sets.zip"]


def test_everything_offered_can_be_named(root):
    assert [safe_join(root, entry) for entry in offered(root)] == [root / entry for entry in offered(root)]


def test_of_very_many_only_some_are_offered(root, monkeypatch):
    monkeypatch.setattr(module, "MOST_OFFERED", 2)
    assert offered(root) == ["fruit", "fruit/apple"]


def test_a_folder_that_is_not_there_offers_nothing(tmp_path):
    assert offered(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    "received",
    ["..", "../beside", "../beside/secret.zip", "../shared-too/secret.zip", "fruit/../../beside", "/etc", "", ".", "/"],
)
def test_what_lies_elsewhere_is_refused(root, received):  # Z01
    with pytest.raises(InputError) as caught:
        safe_join(root, received)
    assert caught.value.code == "import_outside"


@pytest.mark.parametrize("received", ["nothing", "fruit/nothing.zip", "a\0b", "x" * 5000])
def test_what_is_not_there_is_said_in_few_words(root, received):
    with pytest.raises(InputError) as caught:
        safe_join(root, received)
    assert caught.value.code == "import_missing"
    assert len(caught.value.values["received"]) <= 200


def test_a_link_that_leads_out_is_refused_and_one_that_stays_inside_is_followed(root):  # Z02
    (root / "out").symlink_to(root.parent / "beside")
    (root / "out.zip").symlink_to(root.parent / "beside" / "secret.zip")
    (root / "in").symlink_to(root / "fruit")
    for received in ("out", "out/secret.zip", "out.zip"):
        with pytest.raises(InputError) as caught:
            safe_join(root, received)
        assert caught.value.code == "import_outside"
    assert safe_join(root, "in/apple") == root / "fruit" / "apple"


def test_the_root_itself_may_be_a_link(root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    assert safe_join(tmp_path / "alias", "fruit") == root / "fruit"
