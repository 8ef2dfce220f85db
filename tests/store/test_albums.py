"""Who may do what with whose data sets, how they come, change and go. Row ids (Z13 …) number the known attacks."""

import errno
import inspect
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.ingest.pictures import everything_below, on_disk, picture, take, tree
from tests.store.memory_store import MemoryStore
from tl_core.datasets.own.album import ABOUT, PackedPictures, own_folder
from tl_core.datasets.own.album import LOOKS as LOOKS_FILE
from tl_core.datasets.own.edits import dropped, flipping, relabelled, with_classes
from tl_core.disk import files as store_files
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError
from tl_core.paths import PROJECT
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.limits import Limits, check_album_limits, save_limits
from tl_core.store.records import Visibility

OWNER, OTHER, INSTRUCTOR = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
NOBODY = Visitor("")
PRIVATE, LINK, CLASS = Visibility
FRUIT = tree(apple=6, pear=6)

# what a person does to a data set of Anna's; every method that takes `by` and an id stands here
ON_AN_ALBUM = {
    "find": lambda albums, id, by: albums.find(id, by=by),
    "permitted": lambda albums, id, by: albums.permitted(id, by=by),
    "rename": lambda albums, id, by: albums.rename(id, "new name", by=by),
    "share": lambda albums, id, by: albums.share(id, PRIVATE, by=by),
    "skipped": lambda albums, id, by: albums.skipped(id, by=by),
    "delete": lambda albums, id, by: albums.delete(id, by=by),
    "change": lambda albums, id, by: albums.change(id, lambda album: flipping(album, False), by=by),
}
LOOKS = {"find"}
FOR_EVERYBODY = {"listed"}
# what only the engine calls, after it has asked one of the others
ENGINES_OWN = {
    "album",
    "info",
    "alone",
    "changing",
    "clear",
    "entry_of",
    "n_bytes",
    "n_albums",
    "sizes",
    "draft",
    "sweep",
    "sweep_drafts",
    "put",
    "remove_entry",
}


@pytest.fixture
def trained_on() -> set[str]:
    """The albums that a run refers to."""
    return set()


@pytest.fixture
def albums(tmp_path, trained_on) -> Albums:
    return Albums(tmp_path, trained_on.__contains__)


def new(albums: Albums, owner: str = "anna", visibility: Visibility = PRIVATE, files=FRUIT, **asked) -> AlbumRecord:
    return take(albums, files, owner, visibility=visibility, **asked)


def outcome(action, *args) -> str:
    try:
        action(*args)
    except TransferLabError as error:
        return error.code
    return "done"


def folders(albums: Albums) -> set[str]:
    """Returns the names of what lies in the folder of the albums."""
    return {path.name for path in (albums.home / "datasets" / "own").iterdir()} - {"opening"}


class TestAccess:
    def test_every_method_is_known_to_be_for_people_or_for_the_engine(self):
        methods = {name: method for name, method in inspect.getmembers(Albums, callable) if not name.startswith("_")}
        for_people = {*ON_AN_ALBUM, *FOR_EVERYBODY}
        assert {name for name, method in methods.items() if "by" in inspect.signature(method).parameters} == for_people
        assert set(methods) - for_people == ENGINES_OWN

    @pytest.mark.parametrize("name", list(ON_AN_ALBUM))
    @pytest.mark.parametrize("visibility", list(Visibility))
    def test_only_the_owner_and_the_instructor_change_one_and_a_private_one_is_unknown_to_all_others(
        self, albums, name, visibility
    ):
        by_others = "unknown_dataset" if visibility is PRIVATE else "done" if name in LOOKS else "not_your_dataset"
        expected = {OTHER: by_others, NOBODY: by_others, OWNER: "done", INSTRUCTOR: "done", OPERATOR: "done"}
        for by, code in expected.items():
            record = new(albums, visibility=visibility)
            before = everything_below(albums.home)
            assert outcome(ON_AN_ALBUM[name], albums, record.id, by) == code
            if code != "done":
                assert everything_below(albums.home) == before
                assert albums.find(record.id, by=OWNER) == record

    def test_a_new_one_is_private_and_in_nobody_elses_list(self, albums):
        record = new(albums)
        assert albums.listed(by=OWNER) == [record]
        assert albums.listed(by=INSTRUCTOR) == [record]
        assert albums.listed(by=OTHER) == albums.listed(by=NOBODY) == []

    def test_a_refusal_of_a_private_one_is_the_same_as_that_of_none(self, albums):
        record, refusals = new(albums), []
        for name, action in ON_AN_ALBUM.items():
            for id in (record.id, "own-" + "0" * 20):
                with pytest.raises(UnknownIdError) as caught:
                    action(albums, id, OTHER)
                refusals.append({**caught.value.values, "received": "", "code": caught.value.code, "name": name})
        assert refusals[::2] == refusals[1::2]

    def test_one_shared_by_link_is_found_by_its_id_and_stands_in_no_list(self, albums):
        record = new(albums, visibility=LINK)
        assert albums.find(record.id, by=OTHER) == record
        assert albums.listed(by=OTHER) == []

    def test_one_shared_with_the_class_is_in_everybodys_list(self, albums):
        record = albums.share(new(albums).id, CLASS, by=OWNER)
        assert albums.listed(by=OTHER) == [record]

    @pytest.mark.parametrize(
        "id",
        ["own-../../x", "own-" + "/" * 20, "../own", "", "own-", "own-" + "0" * 19 + "/", "own-" + "é" * 20, "a\0b"],
    )
    @pytest.mark.parametrize("name", list(ON_AN_ALBUM))
    def test_an_id_that_is_none_reaches_no_path(self, albums, id, name):
        new(albums)
        before = everything_below(albums.home.parent)
        assert outcome(ON_AN_ALBUM[name], albums, id, INSTRUCTOR) == "unknown_dataset"
        assert everything_below(albums.home.parent) == before

    @pytest.mark.parametrize("owner", ["", "..", "../x", "a/b", "a\0b", "x" * 65, "é"])
    def test_an_owner_that_is_none_reaches_no_path(self, albums, owner):
        before = everything_below(albums.home)
        assert outcome(lambda: new(albums, owner)) == "not_your_dataset"
        assert outcome(lambda: albums.n_bytes(owner)) == "not_your_dataset"
        assert everything_below(albums.home) - {"datasets/own/opening"} == before

    def test_the_instructor_deletes_for_the_owner_and_not_their_own(self, albums):
        record = new(albums)
        albums.delete(record.id, by=INSTRUCTOR)
        assert albums.listed(by=OWNER) == []

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81, "a\u202eb"])
    def test_a_name_that_is_none_is_refused(self, albums, name):
        record = new(albums)
        with pytest.raises(InputError):
            albums.rename(record.id, name, by=OWNER)
        assert albums.find(record.id, by=OWNER) == record

    def test_a_name_is_kept_as_it_was_typed(self, albums):  # Z10
        name = "<img onerror=x> **b** =1+1 梨"
        id = albums.rename(new(albums).id, name, by=OWNER).id
        assert Albums(albums.home).find(id, by=OWNER).name == name

    def test_what_is_renamed_while_it_is_deleted_does_not_come_back(self, albums, monkeypatch):
        record = new(albums)
        permitted = albums.permitted

        def meanwhile(id, *, by):
            found = permitted(id, by=by)
            albums.remove_entry(found)
            albums.clear(found.id)
            return found

        monkeypatch.setattr(albums, "permitted", meanwhile)
        assert outcome(lambda: albums.rename(record.id, "x", by=OWNER)) == "unknown_dataset"
        assert folders(albums) == set()


class TestTwoOwners:
    def test_equal_pictures_are_one_folder_and_neither_sees_the_other(self, albums):  # Z13
        mine, yours = new(albums, "anna", name="A"), new(albums, "ben", name="B")
        assert mine.id == yours.id
        assert folders(albums) == {mine.id}
        assert albums.listed(by=OWNER) == [mine]
        assert albums.listed(by=OTHER) == [yours]
        assert albums.find(mine.id, by=OTHER).name == "B"

    def test_deleting_ones_copy_leaves_the_others(self, albums):  # Z13
        id = new(albums, "anna").id
        new(albums, "ben")
        albums.delete(id, by=OWNER)
        assert (albums.listed(by=OWNER), [one.owner for one in albums.listed(by=OTHER)]) == ([], ["ben"])
        assert len(albums.album(id).rows) == 12
        albums.delete(id, by=OTHER)
        assert folders(albums) == set()

    def test_changing_ones_copy_leaves_the_others(self, albums):  # Z13
        id = new(albums, "anna").id
        new(albums, "ben")
        changed = albums.change(id, lambda album: dropped(album, [0], True), by=OWNER)
        assert [one.id for one in albums.listed(by=OWNER)] == [changed.id]
        assert [one.id for one in albums.listed(by=OTHER)] == [id]
        assert folders(albums) == {id, changed.id}

    def test_pictures_stay_while_a_run_refers_to_them_and_go_after_it(self, albums, trained_on):  # Z13
        record = new(albums)
        trained_on.add(record.id)
        albums.delete(record.id, by=OWNER)
        assert albums.listed(by=INSTRUCTOR) == []
        assert len(albums.album(record.id).rows) == 12
        trained_on.clear()
        albums.sweep()
        assert folders(albums) == set()

    def test_who_knows_of_no_runs_removes_no_pictures(self, albums):
        record = new(albums)
        Albums(albums.home).delete(record.id, by=OWNER)
        assert folders(albums) == {record.id}

    def test_the_bytes_of_both_are_counted_for_each(self, albums):
        new(albums, "anna"), new(albums, "ben")
        assert albums.n_bytes("anna") == albums.n_bytes("ben") > 0
        assert (albums.n_albums("anna"), albums.n_albums("carla"), albums.n_bytes("carla")) == (1, 0, 0)


class TestChange:
    def test_the_changed_one_takes_the_place_of_the_former_and_keeps_what_was_said_of_it(self, albums):
        record = albums.share(new(albums, files=FRUIT | {"apple/bad.png": b""}, name="Fruit").id, CLASS, by=OWNER)
        changed = albums.change(record.id, lambda album: relabelled(album, [0], "plum"), by=OWNER)
        assert changed == AlbumRecord(**{**vars(record), "id": changed.id, "former": [record.id]})
        assert folders(albums) == {changed.id}
        assert [one["file"] for one in albums.skipped(changed.id, by=OWNER)] == ["apple/bad.png"]
        pictures = PackedPictures(own_folder(albums.home, changed.id), *packs_and_rows(albums, changed.id))
        assert len(list(pictures)) == 12

    def test_an_old_id_leads_its_owner_to_what_has_become_of_it_through_any_changes(self, albums):
        first = new(albums)
        second = albums.change(first.id, lambda album: dropped(album, [0], True), by=OWNER)
        third = albums.change(first.id, lambda album: dropped(album, [1], True), by=OWNER)
        assert {albums.find(id, by=OWNER).id for id in (first.id, second.id, third.id)} == {third.id}
        assert albums.album(third.id).rows.is_dropped.sum() == 2
        assert outcome(lambda: albums.find(first.id, by=OTHER)) == "unknown_dataset"

    def test_a_change_that_is_taken_back_leads_to_where_it_began(self, albums):
        first = new(albums)
        for is_dropped in (True, False, True, False):
            last = albums.change(first.id, lambda album: dropped(album, [0], is_dropped), by=OWNER)  # noqa: B023
        assert last.id == first.id
        assert albums.find(first.id, by=OWNER).id == first.id
        assert folders(albums) == {first.id}

    def test_a_change_that_changes_nothing_is_none(self, albums):
        record = new(albums)
        assert albums.change(record.id, lambda album: flipping(album, True), by=OWNER) == record

    def test_runs_keep_the_former_one(self, albums, trained_on):
        record = new(albums)
        trained_on.add(record.id)
        changed = albums.change(record.id, lambda album: flipping(album, False), by=OWNER)
        assert folders(albums) == {record.id, changed.id}
        assert albums.find(record.id, by=OWNER).id == changed.id
        assert len(albums.listed(by=OWNER)) == 1

    def test_a_refused_edit_changes_nothing(self, albums):
        record = new(albums)
        with pytest.raises(InputError):
            albums.change(record.id, lambda album: with_classes(album, {"apple": "\u200b"}, []), by=OWNER)
        assert (albums.listed(by=OWNER), folders(albums)) == ([record], {record.id})

    def test_an_owner_who_brings_the_former_pictures_again_has_both(self, albums):
        record = new(albums)
        changed = albums.change(record.id, lambda album: flipping(album, False), by=OWNER)
        new(albums)
        assert {one.id for one in albums.listed(by=OWNER)} == {record.id, changed.id}
        assert albums.find(record.id, by=OWNER).id == record.id

    def test_a_former_id_leads_everybody_who_may_see_it_to_what_has_become_of_it_also_after_a_restart(self, albums):
        record = albums.share(new(albums).id, Visibility.LINK, by=OWNER)
        changed = albums.change(record.id, lambda album: flipping(album, False), by=OWNER)
        again = Albums(albums.home)
        assert again.find(record.id, by=OTHER).id == again.find(record.id, by=OWNER).id == changed.id
        again.share(changed.id, Visibility.PRIVATE, by=OWNER)
        assert outcome(lambda: again.find(record.id, by=OTHER)) == "unknown_dataset"

    def test_what_is_said_of_an_album_while_it_is_changed_is_kept_and_a_deleted_one_stays_deleted(self, albums):
        record = albums.share(new(albums).id, CLASS, by=OWNER)
        album = flipping(albums.album(record.id), False)
        with albums.draft() as draft:
            draft.share(record.id, [*album.packs, LOOKS_FILE])
            albums.share(record.id, Visibility.PRIVATE, by=OWNER)
            albums.rename(record.id, "renamed", by=OWNER)
            put = draft.commit(album, record, [], former=record)
        assert (put.visibility, put.name) == (Visibility.PRIVATE, "renamed")
        with albums.draft() as draft:
            other = flipping(album, True)
            draft.share(put.id, [*other.packs, LOOKS_FILE])
            albums.delete(put.id, by=OWNER)
            assert outcome(lambda: draft.commit(other, put, [], former=put)) == "dataset_changed"
        assert folders(albums) == set()

    def test_pictures_that_only_runs_need_count_for_their_owner(self, albums, trained_on):
        record = new(albums)
        trained_on.add(record.id)
        n_bytes = albums.n_bytes("anna")
        albums.delete(record.id, by=OWNER)
        assert (albums.n_bytes("anna"), albums.n_bytes("anna", {record.id})) == (0, n_bytes)
        trained_on.clear()
        albums.clear(record.id)
        assert (folders(albums), albums.n_bytes("anna", {record.id})) == (set(), 0)

    def test_a_change_that_names_places_is_refused_once_they_mean_other_pictures(self, albums):
        record = new(albums)
        changed = albums.change(record.id, lambda album: flipping(album, False), by=OWNER)

        def drop(id: str) -> None:
            albums.change(id, lambda album: dropped(album, [0], True), by=OWNER, is_this_very=True)

        assert outcome(lambda: drop(record.id)) == "dataset_changed"
        assert [one.id for one in albums.listed(by=OWNER)] == [changed.id]
        assert outcome(lambda: drop(changed.id)) == "done"

    def test_the_same_pictures_again_stay_shared_as_they_were(self, albums):
        record = new(albums)
        albums.share(record.id, Visibility.CLASS, by=OWNER)
        assert new(albums).visibility is Visibility.CLASS
        assert albums.find(record.id, by=OTHER).visibility is Visibility.CLASS

    def test_many_changes_at_once_are_made_one_after_the_other(self, albums):
        record, errors = new(albums), []

        def change(at: int) -> None:
            try:
                albums.change(record.id, lambda album: dropped(album, [at], True), by=OWNER)
            except TransferLabError as error:
                errors.append(error)

        in_threads([lambda at=at: change(at) for at in range(8)])
        (last,) = albums.listed(by=OWNER)
        assert errors == []
        assert albums.album(last.id).rows.is_dropped.tolist() == [True] * 8 + [False] * 4
        assert folders(albums) == {last.id}

    def test_a_disk_that_fills_up_at_any_write_leaves_everything_as_it_was(self, albums, monkeypatch):
        record, write = new(albums), store_files.put_in_place
        for nth in range(1, 6):
            left = [nth]

            def fill_up(beside: Path, path: Path, left=left) -> None:
                left[0] -= 1
                if left[0] == 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                write(beside, path)

            before = everything_below(albums.home)
            monkeypatch.setattr(store_files, "put_in_place", fill_up)
            code = outcome(lambda nth=nth: albums.change(record.id, lambda one: dropped(one, [nth], True), by=OWNER))
            monkeypatch.setattr(store_files, "put_in_place", write)
            if left[0] > 0:  # fewer writes than that
                break
            assert code == "disk_full"
            assert everything_below(albums.home) == before
            assert albums.listed(by=OWNER) == [record]
        assert nth == 5  # the list, what it is about, who has it, what was left out

    def test_a_disk_without_room_refuses_a_change(self, albums, monkeypatch):
        record = new(albums)
        monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 1)
        assert outcome(lambda: albums.change(record.id, lambda one: flipping(one, False), by=OWNER)) == "disk_full"
        assert folders(albums) == {record.id}


def packs_and_rows(albums: Albums, id: str):
    album = albums.album(id)
    return album.packs, album.rows


def in_threads(actions: list) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestAtTheSameTime:
    def test_whoever_brings_what_another_deletes_has_it_whole(self, albums):
        errors = []

        def come_and_go(owner: str) -> None:
            for _ in range(8):
                try:
                    record = new(Albums(albums.home, lambda id: False), owner)
                    assert len(albums.album(record.id).rows) == 12
                    assert albums.find(record.id, by=Visitor(owner)).owner == owner
                    albums.delete(record.id, by=Visitor(owner))
                except (TransferLabError, AssertionError) as error:
                    errors.append(error)

        in_threads([lambda owner=owner: come_and_go(owner) for owner in ("anna", "ben", "carla")])
        assert errors == []
        assert folders(albums) == set()

    def test_sweeping_harms_nobody_who_is_at_it(self, albums):
        errors, is_over = [], threading.Event()

        def sweep() -> None:
            while not is_over.is_set():
                albums.sweep()

        def bring(first: int) -> None:
            for number in range(6):
                try:
                    new(albums, files=tree(1000 * first + 20 * number, apple=3, pear=3))
                except TransferLabError as error:
                    errors.append(error)

        sweeper = threading.Thread(target=sweep)
        sweeper.start()
        in_threads([lambda first=first: bring(first) for first in range(3)])
        is_over.set()
        sweeper.join()
        assert errors == []
        assert len(albums.listed(by=OWNER)) == 18


class TestSweeping:
    def test_the_draft_of_a_living_process_stays_and_that_of_a_dead_one_goes(self, albums):  # Z16
        with albums.draft() as draft:
            dead = albums.home / "datasets" / "own" / ".draft-dead"
            on_disk(dead, {"pack-1.bin": b"x", "0.lock": b"1"})
            Albums(albums.home).sweep()
            assert folders(albums) == {draft.folder.name}
        assert folders(albums) == set()

    def test_a_draft_of_another_process_stays_until_it_is_killed(self, albums):  # Z16
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        child = context.Process(target=hold_a_draft, args=(albums.home, theirs))
        child.start()
        name = mine.recv()
        albums.sweep()
        assert folders(albums) == {name}
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        albums.sweep()
        assert folders(albums) == set()

    def test_what_was_on_its_way_out_goes(self, albums):
        on_disk(albums.home / "datasets" / "own" / ".gone-1", {"pack-1.bin": b"x"})
        albums.sweep()
        assert folders(albums) == set()

    def test_what_somebody_has_stays(self, albums):
        record = new(albums)
        albums.sweep()
        assert albums.listed(by=OWNER) == [record]


def hold_a_draft(home: Path, pipe) -> None:
    draft = Albums(home).draft()
    pipe.send(draft.folder.name)
    threading.Event().wait()


IMPORT = """
import sys
from pathlib import Path
from tl_core.ingest.folder import Folder
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.store.albums import Albums
for step in ingest(Albums(Path(sys.argv[1])), Folder(Path(sys.argv[2])), ImportRequest("x", "anna"), n_threads=2):
    print(step[0], flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_import_shows_no_data_set_and_the_next_start_removes_the_rest(albums, tmp_path_factory, seed):  # Z16
    source = on_disk(tmp_path_factory.mktemp("source"), tree(apple=20, pear=20))
    stops_after = random.Random(seed).randint(1, 41)
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(albums.home), str(source)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline() for _ in range(stops_after)]
    assert said[0] == "1\n"
    process.kill()
    process.wait()
    process.stdout.close()
    found = albums.listed(by=OWNER)
    for record in found:  # killed after it was done: then it is whole
        assert stops_after >= 40
        assert len(albums.album(record.id).rows) == 40
    albums.sweep()
    assert folders(albums) == {record.id for record in found}


class TestDamage:
    @pytest.mark.parametrize("file", [ABOUT, "pictures.parquet", "looks.npz", "pack"])
    @pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe garbage", None])
    def test_one_that_is_damaged_is_said_and_breaks_no_list(self, albums, file, content):
        good, bad = new(albums, files=tree(100, apple=5, pear=5)), new(albums)
        for path in own_folder(albums.home, bad.id).glob(f"{file}*"):
            path.unlink() if content is None else path.write_bytes(content)
        assert {one.id for one in albums.listed(by=OWNER)} == {good.id, bad.id}
        assert len(albums.album(good.id).rows) == 10
        assert albums.n_albums("anna") == 2
        code = outcome(lambda: list(PackedPictures(own_folder(albums.home, bad.id), *packs_and_rows(albums, bad.id))))
        assert code == ("done" if file == "looks.npz" else "dataset_damaged")
        albums.delete(bad.id, by=OWNER)
        assert folders(albums) == {good.id}

    @pytest.mark.parametrize("file", [ABOUT, "pictures.parquet", "looks.npz", "pack"])
    def test_bringing_the_pictures_again_mends_it_for_all_who_had_it(self, albums, file):
        record = new(albums)
        yours = new(albums, "ben", name="Yours")
        for path in own_folder(albums.home, record.id).glob(f"{file}*"):
            path.unlink()
        again = new(albums)
        assert again.id == record.id
        assert len(list(PackedPictures(own_folder(albums.home, record.id), *packs_and_rows(albums, record.id)))) == 12
        assert albums.listed(by=OTHER) == [yours]
        assert folders(albums) == {record.id}

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"name": 1}', b"\xff", b'{"visibility": "all"}', b'"x"'])
    def test_a_note_of_who_has_it_that_is_damaged_breaks_no_list(self, albums, content):
        good, bad = new(albums, files=tree(100, apple=5, pear=5)), new(albums)
        (own_folder(albums.home, bad.id) / "owners" / "anna.json").write_bytes(content)
        assert albums.listed(by=OWNER) == [good]
        assert outcome(lambda: albums.find(bad.id, by=OWNER)) == "unknown_dataset"

    def test_a_list_of_what_was_left_out_that_is_damaged_is_empty(self, albums):
        record = new(albums, files=FRUIT | {"apple/bad.png": b""})
        (own_folder(albums.home, record.id) / "owners" / "anna.skipped").write_bytes(b"{")
        assert albums.skipped(record.id, by=OWNER) == []

    def test_who_has_it_is_written_as_plain_json(self, albums):
        record = new(albums, name="梨")
        data = json.loads((own_folder(albums.home, record.id) / "owners" / "anna.json").read_bytes())
        assert (data["name"], data["visibility"], data["owner"]) == ("梨", "private", "anna")


class TestLimits:
    @pytest.fixture
    def store(self):
        with MemoryStore() as made:
            yield made

    def test_nobody_has_more_data_sets_than_allowed_but_may_add_to_those(self, store, albums):
        save_limits(store, Limits(datasets=1), by=INSTRUCTOR)
        assert check_album_limits(store, albums, is_new=True, by=OWNER) == 2_000_000_000
        record = new(albums)
        assert outcome(lambda: check_album_limits(store, albums, is_new=True, by=OWNER)) == "too_many_datasets"
        left = check_album_limits(store, albums, is_new=False, by=OWNER)
        assert left == 2_000_000_000 - albums.n_bytes("anna")
        assert check_album_limits(store, albums, is_new=True, by=OTHER) == 2_000_000_000
        albums.delete(record.id, by=OWNER)
        assert check_album_limits(store, albums, is_new=True, by=OWNER) == 2_000_000_000

    def test_runs_and_data_sets_share_the_disk(self, store, albums):
        save_limits(store, Limits(disk_mb=1), by=INSTRUCTOR)
        new(albums)
        run = store.create_run({"dataset": "groceries"}, role="run", name="run", environment={}, owner="anna")
        (store.run_folder(run.id) / "weights").write_bytes(bytes(1_000_000 - albums.n_bytes("anna") - 10))
        assert check_album_limits(store, albums, is_new=False, by=OWNER) == 10
        (store.run_folder(run.id) / "more").write_bytes(bytes(10))
        assert outcome(lambda: check_album_limits(store, albums, is_new=False, by=OWNER)) == "dataset_too_much_disk"

    def test_the_instructor_is_not_bound(self, store, albums):
        save_limits(store, Limits(datasets=1, disk_mb=1), by=INSTRUCTOR)
        new(albums, "carla")
        assert check_album_limits(store, albums, is_new=True, by=INSTRUCTOR) is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "datasets").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        Albums(tmp_path)
    assert caught.value.code == "home_not_writable"


def test_one_picture_more_is_another_album(albums):
    assert new(albums).id != new(albums, files=FRUIT | {"apple/more.png": picture(99)}).id


class TestSecondName:
    def test_equal_pictures_under_another_name_keep_the_first_and_get_a_second(self, albums):
        first = new(albums, name="Fruit")
        second = new(albums, name="Obst")
        assert (second.id, second.name, second.other_names) == (first.id, "Fruit", ["Obst"])
        assert {"code": "second_name", "values": {"first": "Fruit", "second": "Obst"}} in second.notes
        assert albums.listed(by=OWNER) == [second]
        again = new(albums, name="Obst")
        assert (again.name, again.other_names) == ("Fruit", ["Obst"])

    def test_another_owner_calls_them_as_they_like_and_keeps_them(self, albums):
        new(albums, name="Fruit")
        theirs = new(albums, "ben", name="Obst")
        assert (theirs.name, theirs.other_names) == ("Obst", [])
        albums.delete(theirs.id, by=OTHER)
        assert albums.find(theirs.id, by=OWNER).name == "Fruit"

    def test_a_change_that_leads_to_pictures_that_are_there_loses_no_name(self, albums):
        first = new(albums, name="Fruit")
        flipped = albums.change(first.id, lambda album: flipping(album, False), by=OWNER)
        new(albums, name="Obst")
        back = albums.change(flipped.id, lambda album: flipping(album, True), by=OWNER)
        assert (back.name, back.other_names) == ("Fruit", ["Obst"])
