"""ImportQueue in line, each in a process of its own. Row ids (Z15 …) number the known attacks."""

import inspect
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE_S, until

from tests.engine.engine_bench import SPEC, Bench
from tests.ingest.pictures import Tree, encoded, on_disk, pattern, picture, take, tree, zipped
from tests.store.memory_store import MemoryStore
from tl_core.datasets.own.edits import flipping
from tl_core.engine.environment import worker_environment
from tl_core.engine.imports import import_queue as module
from tl_core.engine.imports import uploads
from tl_core.engine.imports.import_queue import MOST_WAITING, ImportQueue, ImportSnapshot, ImportState
from tl_core.engine.imports.process import task_of
from tl_core.errors import StoreError, TransferLabError, UnknownIdError
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import open_source
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, explain
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.albums import Albums
from tl_core.store.limits import Limits

OWNER, OTHER, INSTRUCTOR = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
NOBODY = Visitor("")
SMALL = tree(apple=4, pear=4)

ON_AN_IMPORT = {
    "look": lambda imports, id, by: imports.look(id, by=by),
    "answer": lambda imports, id, by: imports.answer(id, 1, by=by),
    "cancel": lambda imports, id, by: imports.cancel(id, by=by),
}
FOR_EVERYBODY = {"mine"}
ENGINES_OWN = {"submit", "close"}


@pytest.fixture
def trained_on() -> set[str]:
    return set()


@pytest.fixture
def albums(tmp_path, trained_on) -> Albums:
    return Albums(tmp_path / "home", trained_on.__contains__)


@pytest.fixture
def imports(tmp_path, albums) -> Iterator[ImportQueue]:
    made = ImportQueue(tmp_path / "home", albums, lambda owner: 100)
    yield made
    made.close()
    for thread in threading.enumerate():
        if thread.name == "imports":
            thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def endless(tmp_path_factory) -> Path:
    """A folder that takes long to be read; nothing changes it."""
    data = encoded(pattern(1, 1500), "JPEG", quality=95)
    root = tmp_path_factory.mktemp("endless")
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for at in range(400):
            (root / name / f"{at}.jpg").write_bytes(data[:-2] + bytes([at % 256, at // 256]) + data[-2:])
    return root


def request(owner: str = "anna", name: str = "Fruit", **asked) -> ImportRequest:
    return ImportRequest(name, owner, source="fruit.zip", **asked)


def ended(imports: ImportQueue, id: str) -> ImportSnapshot:
    until("the import has ended", lambda: imports.look(id, by=OPERATOR).state.is_finished)
    return imports.look(id, by=OPERATOR)


def under_way(imports: ImportQueue, id: str) -> None:
    until("the import is under way", lambda: imports.look(id, by=OPERATOR).done > 0)


def archive(home: Path, files: Tree = SMALL) -> Path:
    """Returns an archive as a browser's upload leaves it."""
    home.mkdir(exist_ok=True)
    return uploads.write_archive(home, zipped(home / "made.zip", files).read_bytes())


def uploaded(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "uploads").iterdir()) if (home / "uploads").exists() else []


def own(home: Path) -> set[str]:
    return {path.name for path in (home / "datasets" / "own").iterdir()} - {"opening"}


class TestOneImport:
    def test_an_archive_that_was_sent_becomes_a_data_set_and_leaves_the_uploads(self, imports, albums):  # Z15
        id = imports.submit(archive(albums.home), request(seed=3), is_sent=True)
        assert len(uploaded(albums.home)) == 1  # on the disk, not in memory
        seen = ended(imports, id)
        assert (seen.state, seen.done, seen.total, seen.left_s, seen.error) == (ImportState.DONE, 8, 8, None, None)
        assert albums.listed(by=OWNER) == [seen.album]
        assert (seen.album.name, seen.album.owner, seen.album.source) == ("Fruit", "anna", "fruit.zip")
        assert albums.album(seen.album.id).seed == 3
        assert uploaded(albums.home) == []

    def test_files_that_were_sent_become_the_same_data_set(self, imports, albums):  # Z14
        sent = uploads.write_files(albums.home, [(f"fruit/{file}", data) for file, data in SMALL.items()])
        first = ended(imports, imports.submit(sent, request(), is_sent=True))
        second = ended(imports, imports.submit(archive(albums.home), request(), is_sent=True))
        assert first.album.id == second.album.id
        assert uploaded(albums.home) == []

    def test_what_lies_on_the_server_stays_there(self, imports, albums, tmp_path):
        root = on_disk(tmp_path / "tree", SMALL)
        assert ended(imports, imports.submit(root, request())).state is ImportState.DONE
        assert sum(1 for _ in root.rglob("*.png")) == 8

    def test_one_that_fails_says_its_sentence_and_keeps_nothing(self, imports, albums):
        id = imports.submit(archive(albums.home, tree(apple=5)), request(), is_sent=True)
        seen = ended(imports, id)
        assert (seen.state, seen.error["code"], seen.album) == (ImportState.FAILED, "import_one_class", None)
        assert all("fruit.zip" in explain(seen.error, language) for language in LANGUAGES)
        assert (uploaded(albums.home), own(albums.home)) == ([], set())

    def test_an_archive_that_is_none_says_its_sentence(self, imports, albums):  # Z11
        sent = uploads.write_archive(albums.home, b"Rar!\x1a\7\0" + bytes(50))
        seen = ended(imports, imports.submit(sent, request(), is_sent=True))
        assert seen.error["code"] == "import_archive"
        assert uploaded(albums.home) == []

    def test_progress_grows_to_the_end(self, imports, albums, tmp_path):
        root = on_disk(tmp_path / "tree", {f"{'ab'[at % 2]}/{at}.png": picture(at, 200) for at in range(200)})
        id, seen = imports.submit(root, request()), []
        while not (now := imports.look(id, by=OWNER)).state.is_finished:
            if not seen or now != seen[-1]:
                seen.append(now)
            threading.Event().wait(0.002)
        counts = [one.done for one in seen]
        assert counts == sorted(counts)
        assert all(one.total in (None, 200) for one in seen)
        assert any(0 < one.done < 200 and one.left_s > 0 for one in seen)
        assert imports.look(id, by=OWNER).done == 200

    def test_pictures_are_added_to_what_an_album_has_become_meanwhile(self, imports, albums, tmp_path):
        record = take(albums, SMALL)
        changed = albums.change(record.id, lambda album: flipping(album, False), by=OWNER)
        more = on_disk(tmp_path / "more", {"new.png": picture(99)})
        seen = ended(imports, imports.submit(more, request(into=record, class_name="plum")))
        assert (seen.state, seen.album.name) == (ImportState.DONE, "mine")
        assert {albums.find(id, by=OWNER).id for id in (record.id, changed.id)} == {seen.album.id}
        assert (len(albums.album(seen.album.id).rows), albums.info(seen.album.id).can_flip) == (9, False)
        assert own(albums.home) == {seen.album.id}

    def test_a_run_keeps_the_pictures_that_an_import_added_to(self, imports, albums, trained_on, tmp_path):  # Z13
        record = take(albums, SMALL)
        trained_on.add(record.id)
        more = on_disk(tmp_path / "more", {"new.png": picture(99)})
        seen = ended(imports, imports.submit(more, request(into=record, class_name="apple")))
        assert own(albums.home) == {record.id, seen.album.id}
        assert len(albums.album(record.id).rows) == 8

    def test_adding_to_one_that_was_deleted_meanwhile_fails(self, imports, albums):
        record = take(albums, SMALL)
        albums.delete(record.id, by=OWNER)
        id = imports.submit(archive(albums.home), request(into=record, class_name="apple"), is_sent=True)
        seen = ended(imports, id)
        assert (seen.state, seen.error["code"]) == (ImportState.FAILED, "unknown_dataset")
        assert (uploaded(albums.home), own(albums.home)) == ([], set())

    def test_a_process_that_cannot_be_started_fails_this_import_and_holds_up_no_other(
        self, imports, albums, monkeypatch
    ):
        def refuse(*arguments, **more):
            raise OSError(12, "Cannot allocate memory")

        with monkeypatch.context() as patch:
            patch.setattr(module.subprocess, "Popen", refuse)
            seen = ended(imports, imports.submit(archive(albums.home), request(), is_sent=True))
        assert (seen.state, seen.error["code"]) == (ImportState.FAILED, "request_failed")
        assert uploaded(albums.home) == []
        assert ended(imports, imports.submit(archive(albums.home), request(), is_sent=True)).state is ImportState.DONE


class TestTheLine:
    def test_one_after_the_other_in_the_order_in_which_they_came(self, imports, albums, endless, tmp_path):
        first = imports.submit(endless, request())
        others = [
            imports.submit(on_disk(tmp_path / str(at), tree(100 * at, a=2, b=2)), request("ben")) for at in (1, 2)
        ]
        under_way(imports, first)
        assert [imports.look(id, by=OPERATOR).state for id in others] == [ImportState.WAITING] * 2
        imports.cancel(first, by=OWNER)
        until("the next begins", lambda: imports.look(others[0], by=OTHER).state is not ImportState.WAITING)
        records = [ended(imports, id).album for id in others]
        assert records[0].created_at < records[1].created_at
        assert [one.id for one in imports.mine(by=OTHER)] == others[::-1]

    def test_nobody_has_more_under_way_than_allowed_and_another_may_still_come(self, imports, albums, endless):
        ids = [imports.submit(endless, request()) for _ in range(MOST_WAITING)]
        with pytest.raises(StoreError) as caught:
            imports.submit(endless, request())
        assert (caught.value.code, caught.value.values) == ("too_many_imports", {"found": 3, "allowed": MOST_WAITING})
        imports.submit(endless, request("ben"))
        imports.cancel(ids[1], by=OWNER)
        imports.submit(endless, request())

    def test_what_came_before_leaves_less_room_for_those_that_waited(self, imports, albums):
        ids = [imports.submit(archive(albums.home), request(name=name, most_bytes=10**9)) for name in "ab"]
        states = [ended(imports, id) for id in ids]
        assert [one.error["code"] for one in states] == ["import_too_much_disk"] * 2
        unbound = imports.submit(archive(albums.home), request(most_bytes=None))
        assert ended(imports, unbound).state is ImportState.DONE

    def test_only_so_many_that_have_ended_are_remembered(self, imports, albums, endless, monkeypatch):
        monkeypatch.setattr(module, "KEPT", 2)
        imports.submit(endless, request("ben"))
        ids = [imports.submit(endless, request()) for _ in range(1)]
        for _ in range(4):
            imports.cancel(ids[-1], by=OWNER)
            ids.append(imports.submit(endless, request()))
        assert [one.id for one in imports.mine(by=OWNER)] == ids[:-4:-1]
        with pytest.raises(UnknownIdError):
            imports.look(ids[0], by=OWNER)


class TestTheEnd:
    def test_a_waiting_one_is_cancelled_at_once_and_leaves_nothing(self, imports, albums, endless):
        imports.submit(endless, request("ben"))
        id = imports.submit(archive(albums.home), request(), is_sent=True)
        imports.cancel(id, by=OWNER)
        assert imports.look(id, by=OWNER).state is ImportState.CANCELLED
        assert uploaded(albums.home) == []

    def test_a_running_one_is_killed_when_it_is_cancelled_and_the_disk_is_as_before(self, imports, albums, endless):
        sent = uploads.write_files(
            albums.home, [(str(path.relative_to(endless)), path.read_bytes()) for path in endless.rglob("*.jpg")]
        )
        id = imports.submit(sent, request(), is_sent=True)
        under_way(imports, id)
        assert len(own(albums.home)) == 1
        process = imports._all[id].process
        imports.cancel(id, by=OWNER)
        until("the import is cancelled", lambda: imports.look(id, by=OWNER).state is ImportState.CANCELLED)
        assert process.returncode == -signal.SIGKILL  # whatever it was doing
        assert imports.look(id, by=OWNER).done < imports.look(id, by=OWNER).total
        assert (uploaded(albums.home), own(albums.home), albums.listed(by=OWNER)) == ([], set(), [])

    def test_one_that_has_ended_stays_as_it_is(self, imports, albums):
        id = imports.submit(archive(albums.home), request(), is_sent=True)
        seen = ended(imports, id)
        imports.cancel(id, by=OWNER)
        assert imports.look(id, by=OWNER) == seen

    def test_a_killed_process_fails_its_import_and_the_next_begins(self, imports, albums, endless, tmp_path):  # Z16
        first = imports.submit(endless, request())
        second = imports.submit(on_disk(tmp_path / "next", SMALL), request("ben"))
        under_way(imports, first)
        os.kill(imports._all[first].process.pid, signal.SIGKILL)
        seen = ended(imports, first)
        assert (seen.state, seen.error["code"]) == (ImportState.FAILED, "importer_died")
        assert seen.error["values"] == {"status": -signal.SIGKILL}
        done = ended(imports, second)
        assert done.state is ImportState.DONE
        assert own(albums.home) == {done.album.id}

    def test_closing_ends_all_and_begins_no_other(self, imports, albums, endless):
        sent = archive(albums.home)
        ids = [imports.submit(endless, request()), imports.submit(sent, request(), is_sent=True)]
        under_way(imports, ids[0])
        process = imports._all[ids[0]].process
        imports.close(), imports.close()
        until("the process is gone", lambda: process.poll() is not None)
        assert [ended(imports, id).state for id in ids] == [ImportState.CANCELLED] * 2
        until("nothing is left", lambda: (uploaded(albums.home), own(albums.home)) == ([], set()))


class TestAccess:
    def test_every_method_is_known_to_be_for_people_or_for_the_engine(self):
        methods = {
            name: method for name, method in inspect.getmembers(ImportQueue, callable) if not name.startswith("_")
        }
        for_people = {*ON_AN_IMPORT, *FOR_EVERYBODY}
        assert {name for name, method in methods.items() if "by" in inspect.signature(method).parameters} == for_people
        assert set(methods) - for_people == ENGINES_OWN

    @pytest.mark.parametrize("name", list(ON_AN_IMPORT))
    def test_only_the_owner_and_the_instructor_look_at_one_or_end_it(self, imports, endless, name):
        imports.submit(endless, request("ben"))
        id = imports.submit(endless, request())
        before = imports.look(id, by=OWNER)
        for by in (OTHER, NOBODY):
            refusals = []
            for received in (id, "0" * 32):
                with pytest.raises(UnknownIdError) as caught:
                    ON_AN_IMPORT[name](imports, received, by)
                refusals.append({**caught.value.values, "received": ""})
            assert refusals[0] == refusals[1]
            assert imports.look(id, by=OWNER) == before
        for by in (OWNER, INSTRUCTOR, OPERATOR):
            ON_AN_IMPORT[name](imports, id, by)

    def test_everybody_lists_only_their_own(self, imports, endless):
        ids = [imports.submit(endless, request(owner)) for owner in ("ben", "anna", "anna")]
        assert [one.id for one in imports.mine(by=OWNER)] == [ids[2], ids[1]]
        assert [one.id for one in imports.mine(by=OTHER)] == [ids[0]]
        assert imports.mine(by=NOBODY) == imports.mine(by=INSTRUCTOR) == []


class TestTheProcess:
    """The importer by itself, as no engine would treat it."""

    def started(self, home: Path) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "tl_core.engine.imports.process"],
            cwd=PROJECT,
            env=worker_environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, process: subprocess.Popen, path: Path) -> None:
        process.stdin.write(json.dumps(task_of(path, request(), is_sent=False)) + "\n")
        process.stdin.flush()

    def test_it_ends_when_its_input_does(self, albums, endless):  # Z16
        with self.started(albums.home) as process:
            self.ask(process, endless)
            assert json.loads(process.stdout.readline())["say"] == "progress"
            process.stdin.close()
            assert process.wait(PATIENCE_S) == 1
        assert albums.listed(by=OWNER) == []
        albums.sweep()
        assert own(albums.home) == set()

    @pytest.mark.parametrize("seed", range(5))
    def test_killed_at_any_moment_it_leaves_no_half_data_set(self, albums, tmp_path, seed):  # Z16
        source = on_disk(tmp_path / "source", tree(apple=30, pear=30))
        with self.started(albums.home) as process:
            self.ask(process, source)
            if seed:
                process.stdout.readline()
            threading.Event().wait(random.Random(seed).random() * 0.15)
            process.kill()
        for record in albums.listed(by=OWNER):
            assert len(albums.album(record.id).rows) == 60
        whole = {record.id for record in albums.listed(by=OWNER)}
        albums.sweep()
        assert own(albums.home) == whole

    def test_a_draft_of_a_living_process_is_not_swept(self, albums, endless):  # Z16
        with self.started(albums.home) as process:
            self.ask(process, endless)
            process.stdout.readline()
            before = own(albums.home)
            albums.sweep()
            assert own(albums.home) == before
            assert len(before) == 1
            process.kill()
        albums.sweep()
        assert own(albums.home) == set()

    def test_what_nobody_foresaw_becomes_a_sentence(self, albums, tmp_path):
        with self.started(albums.home) as process:
            process.stdin.write(json.dumps(task_of(tmp_path, request(), is_sent=False) | {"path": 7}) + "\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
            process.stdin.close()
        assert (said["say"], said["error"]["code"]) == ("failed", "request_failed")
        assert all(explain(said["error"], language) for language in LANGUAGES)


class TestUploads:
    def test_files_lie_under_numbers_whatever_they_are_called(self, tmp_path):  # Z01
        sent = uploads.write_files(tmp_path, [("../../x.png", b"1"), ("a/b.png", b"2")])
        assert sorted(path.name for path in sent.iterdir()) == ["00000", "00001", "names.json"]
        origin = open_source(sent, "x", is_sent=True)
        assert {file: origin.read(file) for file in origin.files} == {"x.png": b"1", "a/b.png": b"2"}

    def test_a_disk_without_room_refuses_and_keeps_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 1)
        for send in (
            lambda: uploads.write_archive(tmp_path, b"x"),
            lambda: uploads.write_files(tmp_path, [("a", b"x")]),
        ):
            with pytest.raises(StoreError) as caught:
                send()
            assert caught.value.code == "disk_full"
        assert uploaded(tmp_path) == []

    def test_a_disk_that_fills_up_keeps_nothing(self, tmp_path, monkeypatch):
        def fill_up(path: Path, data: bytes) -> None:
            with open(path, "wb") as file:
                file.write(data[:1])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", fill_up)
        for send in (
            lambda: uploads.write_archive(tmp_path, b"x"),
            lambda: uploads.write_files(tmp_path, [("a", b"x")]),
        ):
            with pytest.raises(StoreError) as caught:
                send()
            assert caught.value.code == "disk_full"
        assert uploaded(tmp_path) == []

    def test_what_a_killed_server_never_took_in_goes_at_the_next_start(self, tmp_path):  # Z16
        archive(tmp_path), uploads.write_files(tmp_path, [("a.png", b"x")])
        assert len(uploaded(tmp_path)) == 2
        uploads.sweep(tmp_path)
        assert uploaded(tmp_path) == []


class TestTheEngine:
    @pytest.fixture
    def bench(self, tmp_path) -> Iterator[Bench]:
        with MemoryStore() as store:
            made = Bench(store, tmp_path / "home")
            yield made
            made.engine.close()

    def outcome(self, action) -> str:
        try:
            action()
        except TransferLabError as error:
            return error.code
        return "done"

    def test_photographs_are_taken_in_at_once_one_after_the_other(self, bench):
        engine, told = bench.engine, {"by": OWNER, "name": "Mine"}
        record = engine.imports.import_now([("1.png", picture(1))], class_name="apple", **told)
        for at in range(2, 6):
            record = engine.imports.import_now([("1.png", picture(at))], class_name="pear", into=record.id, **told)
        assert engine.albums.listed(by=OWNER) == [record]
        assert len(engine.albums.album(record.id).rows) == 5
        assert own(bench.home) == {record.id}

    def test_nobody_adds_to_what_is_not_theirs(self, bench):
        engine = bench.engine
        record = engine.imports.import_now([("1.png", picture(1))], class_name="apple", by=OWNER, name="Mine")

        def add(by: Visitor) -> str:
            files = [("2.png", picture(2))]
            return self.outcome(
                lambda: engine.imports.import_now(files, class_name="x", into=record.id, by=by, name="x")
            )

        assert {by.owner: add(by) for by in (OTHER, NOBODY)} == {"ben": "unknown_dataset", "": "unknown_dataset"}
        engine.albums.share(record.id, "class", by=OWNER)
        assert add(OTHER) == "not_your_dataset"
        assert add(INSTRUCTOR) == "done"
        assert [one.owner for one in engine.albums.listed(by=INSTRUCTOR)] == ["anna"]

    def test_several_at_once_are_added_to_one_data_set(self, bench):
        engine, told = bench.engine, {"by": OWNER, "name": "Mine"}
        record = engine.imports.import_now([("0.png", picture(0))], class_name="apple", **told)

        def add(at: int) -> None:
            engine.imports.import_now([(f"{at}.png", picture(at))], class_name="pear", into=record.id, **told)

        threads = [threading.Thread(target=add, args=[at]) for at in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (last,) = engine.albums.listed(by=OWNER)
        assert len(engine.albums.album(last.id).rows) == 7
        assert own(bench.home) == {last.id}

    def test_data_that_were_changed_are_trained_on_as_they_are_now(self, bench):
        record = take(bench.engine.albums, SMALL)
        changed = bench.engine.albums.change(record.id, lambda album: flipping(album, False), by=OWNER)
        spec = SPEC.with_changes(dataset=record.id)
        run = bench.engine.runs.submit(spec, by=OWNER, name="run", baseline=spec, baseline_name="baseline")
        assert run.spec["dataset"] == changed.id
        assert bench.engine.store.get(run.twin_id).spec["dataset"] == changed.id

    def test_an_upload_that_is_refused_is_removed(self, bench):
        engine = bench.engine
        engine.classroom.set_limits(Limits(datasets=1), by=INSTRUCTOR)
        engine.imports.import_now([("1.png", picture(1))], class_name="apple", by=OWNER, name="Mine")
        for told in ({"name": "x"}, {"name": "a\nb"}, {"name": "x", "into": "own-" + "0" * 20}):
            sent = archive(bench.home)
            assert (
                self.outcome(lambda told=told, sent=sent: engine.imports.start(sent, by=OWNER, is_sent=True, **told))
                != "done"
            )
            assert uploaded(bench.home) == []

    def test_what_was_left_before_the_start_is_gone(self, tmp_path):  # Z16
        home = tmp_path / "home"
        archive(home), on_disk(home / "datasets" / "own" / ".draft-dead", {"pack-1.bin": b"x"})
        with MemoryStore() as store:
            bench = Bench(store, home)
            assert (uploaded(home), own(home)) == ([], set())
            bench.engine.close()

    def test_a_private_data_set_is_trained_on_only_by_its_owner_and_the_instructor(self, bench):
        record = take(bench.engine.albums, SMALL)
        spec = SPEC.with_changes(dataset=record.id)

        def train(by: Visitor) -> str:
            return self.outcome(lambda: bench.engine.runs.submit(spec, by=by, name="run"))

        found = {by.owner: train(by) for by in (OTHER, OWNER, INSTRUCTOR)}
        assert found == {"ben": "unknown_dataset", "anna": "done", "carla": "done"}
        bench.engine.albums.share(record.id, "link", by=OWNER)
        assert train(OTHER) == "done"
        bench.engine.albums.share(record.id, "private", by=OWNER)
        assert train(OTHER) == "done"  # a run of theirs was trained on it

    def test_pictures_that_a_run_waits_for_stay_when_they_are_deleted(self, bench):  # Z13
        albums, record = bench.engine.albums, take(bench.engine.albums, SMALL)
        bench.engine.runs.submit(SPEC.with_changes(dataset=record.id), by=OWNER, name="run")
        albums.delete(record.id, by=OWNER)
        assert (albums.listed(by=OWNER), own(bench.home)) == ([], {record.id})
        other = take(albums, tree(100, a=3, b=3))
        albums.delete(other.id, by=OWNER)
        assert own(bench.home) == {record.id}

    def test_naming_a_run_after_private_data_opens_them_to_nobody(self, bench):
        record = take(bench.engine.albums, SMALL)
        bench.engine.runs.submit(SPEC, by=OTHER, name=record.id)
        spec = SPEC.with_changes(dataset=record.id)
        assert self.outcome(lambda: bench.engine.runs.submit(spec, by=OTHER, name="x")) == "unknown_dataset"
