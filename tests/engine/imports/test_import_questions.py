"""Imports that ask how their folders are to be understood: by the process, to the owner, and what the answer makes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE_S, until

from tests.engine.engine_bench import Clock
from tests.ingest.pictures import on_disk, picture, zipped
from tests.ingest.two_readings import twice
from tl_core.engine.executors.process import start_module
from tl_core.engine.imports import import_queue as module
from tl_core.engine.imports import uploads
from tl_core.engine.imports.import_queue import MOST_WAITING, ImportQueue
from tl_core.engine.imports.import_snapshot import ImportSnapshot, ImportState
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.ingest.request import ImportRequest
from tl_core.phrases import LANGUAGES, explain
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums

OWNER, OTHER, INSTRUCTOR = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
REQUEST = ImportRequest("Things", "anna", source="things.zip")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def imports(tmp_path, clock, monkeypatch) -> Iterator[ImportQueue]:
    def start(_, *told, **more):
        return start_module("tests.engine.imports.asking_process", *told, **more)

    monkeypatch.setattr(module, "start_module", start)
    home = tmp_path / "home"
    made = ImportQueue(home, Albums(home), lambda owner: 10**9, clock)
    yield made
    made.close()
    for thread in threading.enumerate():
        if thread.name == "imports":
            thread.join(PATIENCE_S)


@pytest.fixture
def home(imports, tmp_path) -> Path:
    return tmp_path / "home"


def sent(home: Path) -> Path:
    return uploads.write_archive(home, zipped(home / "made.zip", twice()).read_bytes())


def uploaded(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "uploads").iterdir())


def asked(imports: ImportQueue, id: str) -> ImportSnapshot:
    """Waits for the question; asks as the engine does, so that nobody is taken to look at it."""
    until("the import asks", lambda: imports.look(id, by=OWNER).state is ImportState.ASKING)
    return imports.look(id, by=OWNER)


def ended(imports: ImportQueue, id: str) -> ImportSnapshot:
    until("the import has ended", lambda: imports.look(id, by=OWNER).state.is_finished)
    return imports.look(id, by=OWNER)


def test_one_that_would_have_to_guess_asks_with_pictures_and_keeps_its_files_and_nothing_else(imports, home):
    seen = asked(imports, imports.submit(sent(home), REQUEST, is_sent=True))
    assert [one["content"]["values"]["classes"] for one in seen.readings] == [["cup", "pen"], ["evening", "morning"]]
    assert [len(pictures) for pictures in seen.readings[0]["examples"].values()] == [3, 3]
    assert (seen.album, seen.error, seen.state.is_finished, seen.state.is_under_way) == (None, None, False, False)
    assert len(uploaded(home)) == 1
    assert Albums(home).listed(by=OWNER) == []


@pytest.mark.parametrize(("layout", "classes"), [(1, ["cup", "pen"]), (2, ["evening", "morning"])])
def test_the_answer_makes_the_data_set_that_was_shown(imports, home, layout, classes):
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    question = asked(imports, id).readings[layout - 1]
    imports.answer(id, layout, by=OWNER)
    seen = ended(imports, id)
    assert (seen.state, seen.readings) == (ImportState.DONE, ())
    assert list(Albums(home).info(seen.album.id).classes) == classes == question["content"]["values"]["classes"]
    assert seen.album.n_skipped == question["n_left_out"]
    assert uploaded(home) == []


def test_a_folder_of_the_servers_and_files_that_a_browser_sent_ask_as_well(imports, home, tmp_path):
    folder = on_disk(tmp_path / "things", twice())
    files = uploads.write_files(home, [(f"things/{file}", data) for file, data in twice().items()])
    for path, is_sent in ((folder, False), (files, True)):
        id = imports.submit(path, REQUEST, is_sent=is_sent)
        asked(imports, id)
        imports.cancel(id, by=OWNER)
    assert (folder.exists(), files.exists()) == (True, False)


def test_files_for_a_class_are_not_asked_about(imports, tmp_path):
    more = on_disk(tmp_path / "more", {"new.png": picture(1)})
    id = imports.submit(more, ImportRequest("Mine", "anna", class_name="pen"))
    assert ended(imports, id).state is ImportState.DONE


def test_a_question_holds_up_nobody(imports, home, tmp_path):
    first = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, first)
    more = on_disk(tmp_path / "more", {"new.png": picture(1)})
    second = imports.submit(more, ImportRequest("Mine", "anna", class_name="pen"))
    assert ended(imports, second).state is ImportState.DONE
    assert imports.look(first, by=OWNER).state is ImportState.ASKING


def test_cancelling_forgets_the_files(imports, home):
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, id)
    imports.cancel(id, by=OWNER)
    seen = imports.look(id, by=OWNER)
    assert (seen.state, seen.readings, uploaded(home)) == (ImportState.CANCELLED, (), [])
    imports.answer(id, 1, by=OWNER)  # in another tab that has not heard of it
    assert imports.look(id, by=OWNER).state is ImportState.CANCELLED


@pytest.mark.parametrize("layout", [0, 3, -1])
def test_a_reading_that_there_is_not_is_refused_and_the_question_stays(imports, home, layout):
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, id)
    with pytest.raises(InputError) as caught:
        imports.answer(id, layout, by=OWNER)
    assert (caught.value.code, caught.value.values) == ("bad_layout", {"received": layout, "n": 2})
    assert imports.look(id, by=OWNER).state is ImportState.ASKING


def test_only_the_owner_and_the_instructor_answer(imports, home):
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, id)
    with pytest.raises(UnknownIdError):
        imports.answer(id, 1, by=OTHER)
    imports.answer(id, 1, by=INSTRUCTOR)
    assert ended(imports, id).album.owner == "anna"


def test_questions_count_as_imports_under_way_and_their_files_as_waiting(imports, home, monkeypatch):
    ids = [imports.submit(sent(home), REQUEST, is_sent=True) for _ in range(MOST_WAITING)]
    for id in ids:
        asked(imports, id)
    with pytest.raises(StoreError, match="too_many_imports"):
        imports.submit(sent(home), REQUEST, is_sent=True)
    imports.cancel(ids[0], by=OWNER)
    monkeypatch.setitem(module.LIMITS, "visit", 2 * uploads.size_of(sent(home)) + 1)
    with pytest.raises(StoreError, match="visit_uploads"):
        imports.submit(sent(home), REQUEST, is_sent=True)
    assert imports.submit(sent(home), ImportRequest("Things", "ben"), is_sent=True)


def test_a_question_that_nobody_looks_at_is_forgotten_with_its_files(imports, home, clock, monkeypatch):
    waits = []
    monkeypatch.setattr(imports, "_expire_in", lambda one, wait_s: waits.append((one, wait_s)))
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, id)
    ((one, wait_s),) = waits
    assert wait_s == module.EXPIRES_S
    clock.pass_s(module.EXPIRES_S - 10)
    imports.mine(by=OWNER)  # its page is open still
    clock.pass_s(11)
    imports._expire(one)
    assert (imports.look(id, by=OWNER).state, waits[1][1]) == (ImportState.ASKING, module.EXPIRES_S - 11)
    clock.pass_s(module.EXPIRES_S)
    imports._expire(one)
    seen = imports.look(id, by=OWNER)
    assert (seen.state, seen.error["code"], uploaded(home)) == (ImportState.FAILED, "import_expired", [])
    assert all("Things" in explain(seen.error, language) for language in LANGUAGES)


def test_the_engines_own_timer_forgets_it(imports, home, clock, monkeypatch):
    monkeypatch.setattr(module, "EXPIRES_S", 0.0)
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    assert ended(imports, id).error["code"] == "import_expired"


def test_closing_ends_a_question_and_a_new_start_finds_no_files(imports, home):
    id = imports.submit(sent(home), REQUEST, is_sent=True)
    asked(imports, id)
    imports.close()
    assert (imports.look(id, by=OWNER).state, uploaded(home)) == (ImportState.CANCELLED, [])
    sent(home)
    uploads.sweep(home)  # a server that was killed
    assert uploaded(home) == []
