"""Files for visitors: one at a time, once for all who want the same, for nobody who may not see the run."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.bundles.bundle_files import SPEC, write_run
from tl_core.engine.service import Engine
from tl_core.errors import InputError, StoreError, UnknownIdError, WorkerError
from tl_core.export import cache
from tl_core.export.formats import Exported, Parity
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN = Visitor("anna"), Visitor("ben")


class SlowWorker:
    """Makes a file when told to."""

    def __init__(self, home, on_message, on_exit, threads: int = 2) -> None:
        self.say, self.die, self.asked = on_message, on_exit, []
        self.say({"say": "ready", "device": "CPU", "threads": threads})

    def send(self, message: dict) -> None:
        if message["do"] == "export":
            self.asked.append(message)

    def make(self) -> None:
        """Makes the file that was asked for last."""
        message = self.asked[-1]
        exported = Exported(Path(message["target"]), message["format"], Parity(50, 1e-6, {"keras": "3"}))
        exported.path.write_bytes(b"file")
        cache.keep(exported)
        self.say({"say": "answer", "request_id": message["request_id"], "value": exported.to_dict()})

    def fail(self) -> None:
        error = StoreError("export_differs", format="keras", difference=0.1, allowed=1e-5).to_dict()
        self.say({"say": "answer", "request_id": self.asked[-1]["request_id"], "error": error})

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def workers() -> list[SlowWorker]:
    return []


@pytest.fixture
def engine(home, workers):
    def start(*told, **more):
        workers.append(SlowWorker(*told, **more))
        return workers[-1]

    with closing(Engine(SqliteStore(home), home, start)) as made:
        yield made


def finished(engine: Engine, owner: str = "anna") -> str:
    """A run with weights; returns its id."""
    store = engine.store
    run = store.create_run(SPEC.to_dict(), role="run", name="run", environment={}, owner=owner).id
    write_run(store.run_folder(run))
    store.finish_run(run, RunState.STOPPED, best_epoch=1)
    return run


def begin(engine: Engine, run: str, format: str = "keras", by: Visitor = ANNA, language: str = "en"):
    return engine.exports.begin(run, format, by=by, language=language)


def test_a_file_is_made_kept_and_given_out(engine, workers):
    run = finished(engine)
    future = begin(engine, run)
    assert engine.exports.is_making(future)
    assert engine.exports.made(run, "keras", by=ANNA, language="en") is None
    workers[0].make()
    assert future.result(timeout=0).parity.max_abs_difference == 1e-6
    assert engine.exports.made(run, "keras", by=ANNA, language="en") == future.result(timeout=0)
    assert engine.exports.content(run, "keras", by=ANNA, language="en") == b"file"
    assert begin(engine, run).done()
    assert len(workers[0].asked) == 1


def test_whoever_wants_the_same_waits_for_the_same_and_another_language_is_another_file(engine, workers):
    run = finished(engine)
    assert begin(engine, run) is begin(engine, run)
    assert begin(engine, run, language="zh") is not begin(engine, run)
    assert len(workers[0].asked) == 1  # the next only when this one is made
    workers[0].make()
    assert [one["source"]["language"] for one in workers[0].asked] == ["en", "zh"]


def test_owners_take_turns(engine, workers):
    mine = [finished(engine) for _ in range(3)]
    other = finished(engine, "ben")
    for run in mine:
        begin(engine, run)
    begin(engine, other, by=BEN)
    for _ in range(3):
        workers[0].make()
    order = [one["source"]["record"]["id"] for one in workers[0].asked]
    assert order == [mine[0], other, mine[1], mine[2]]


def test_nobody_gets_or_begins_what_they_may_not_see(engine, workers):
    run = finished(engine)
    with pytest.raises(UnknownIdError):
        begin(engine, run, by=BEN)
    begin(engine, run)
    workers[0].make()
    engine.runs.share(run, Visibility.CLASS, by=OPERATOR)
    assert begin(engine, run, by=BEN).done()
    assert engine.exports.content(run, "keras", by=BEN, language="en") == b"file"
    engine.runs.share(run, Visibility.PRIVATE, by=OPERATOR)
    with pytest.raises(UnknownIdError):
        engine.exports.content(run, "keras", by=BEN, language="en")


def test_a_pair_is_taken_along_together_and_what_is_left_of_it_alone(engine, workers):
    run, twin = finished(engine), finished(engine)
    engine.store.link_twins(run, twin)
    begin(engine, run, "card")
    assert workers[0].asked[-1]["source"]["twin"]["record"]["id"] == twin
    workers[0].make()
    engine.runs.delete(twin, by=ANNA)
    begin(engine, run, "card")
    assert workers[0].asked[-1]["source"]["twin"] is None


def test_one_visitor_cannot_fill_the_line(engine):
    wanted = [(format, language) for format in ("keras", "tflite", "card") for language in ("en", "zh")]
    runs = [finished(engine) for _ in range(3)]
    for run in runs[:2]:
        for format, language in wanted:
            begin(engine, run, format, language=language)
    with pytest.raises(StoreError, match="too_many_exports"):
        begin(engine, runs[2])
    assert not begin(engine, finished(engine, "ben"), by=BEN).done()


def test_a_run_without_weights_is_refused_at_once(engine, workers):
    run = engine.store.create_run(SPEC.to_dict(), role="run", name="run", environment={}, owner="anna").id
    engine.store.finish_run(run, RunState.STOPPED)
    with pytest.raises(InputError, match="run_without_weights"):
        begin(engine, run)
    assert workers[0].asked == []


def test_a_file_that_does_not_agree_is_an_error_and_can_be_asked_for_again(engine, workers):
    run = finished(engine)
    future = begin(engine, run)
    workers[0].fail()
    assert future.exception(timeout=0).code == "export_differs"
    again = begin(engine, run)
    workers[0].make()
    assert again.result(timeout=0).format == "keras"


def test_a_worker_that_dies_fails_the_file_and_the_next_one_makes_what_waits(engine, workers):
    first, second = begin(engine, finished(engine)), begin(engine, finished(engine))
    workers[0].die(-9)
    assert isinstance(first.exception(timeout=0), WorkerError)
    workers[1].make()
    assert second.result(timeout=0).format == "keras"


def test_files_go_with_their_run(engine, workers):
    run = finished(engine)
    begin(engine, run)
    workers[0].make()
    assert list((engine.home / "cache" / "exports").glob(f"{run}-*"))
    engine.runs.delete(run, by=ANNA)
    assert list((engine.home / "cache" / "exports").iterdir()) == []


def test_what_was_not_used_for_longest_makes_room(engine, workers, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT_BYTES", 5)  # one file has four
    runs = [finished(engine) for _ in range(2)]
    for run in runs:
        begin(engine, run)
        workers[0].make()
    with pytest.raises(StoreError, match="export_gone"):
        engine.exports.content(runs[0], "keras", by=ANNA, language="en")
    assert engine.exports.content(runs[1], "keras", by=ANNA, language="en") == b"file"


def test_a_renamed_run_gets_another_file(engine, workers):
    run = finished(engine)
    begin(engine, run)
    workers[0].make()
    engine.runs.rename(run, "better", by=ANNA)
    assert engine.exports.made(run, "keras", by=ANNA, language="en") is None


def test_what_killed_processes_left_behind_is_swept_up(home, monkeypatch):
    folder = cache.exports_folder(home)
    (folder / ".making-x").mkdir()
    (folder / ".x.zip.tmp").write_bytes(b"half")
    cache.sweep(home)
    assert len(list(folder.iterdir())) == 2  # somebody may still be at it
    monkeypatch.setattr(cache, "LEFTOVER_S", -1)
    cache.sweep(home)
    assert list(folder.iterdir()) == []


def test_a_source_is_the_same_after_the_pipe(engine):
    from tl_core.export.formats import Source

    source = Source.of(engine.store, engine.store.get(finished(engine)), engine.home, "zh")
    assert Source.from_dict(json.loads(json.dumps(source.to_dict())), engine.home) == source
