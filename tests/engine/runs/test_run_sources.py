"""A run that starts from another: only from one that its owner may see, and not after that one is gone."""

import pytest

from tests.engine.engine_bench import SPEC, Bench, ended, epoch
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import SOURCE_FILE, WEIGHTS_FILE
from tl_core.engine.runs import reuse
from tl_core.engine.runs.sources import is_source_of
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState, Visibility

ANNA, BEN = Visitor("anna"), Visitor("ben")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


def source(bench, spec=SPEC, content=b"weights", by=ANNA) -> str:
    run_id = bench.engine.runs.submit(spec, by=by, name="source", is_afresh=True).id
    bench.worker.begin(run_id, n_steps=4)
    bench.worker.tell(run_id, epoch(1))
    (bench.engine.store.run_folder(run_id) / WEIGHTS_FILE).write_bytes(content)
    end(bench, run_id)
    return run_id


def end(bench, run_id: str) -> None:
    bench.worker.tell(run_id, ended() | {"best_epoch": 1})
    bench.worker.say({"say": "ended", "run_id": run_id})


def start(bench, source_id, by=ANNA, **more):
    return bench.engine.runs.submit(SPEC.with_changes(source=source_id, seed=5, **more), by=by, name="new")


def test_a_new_run_keeps_what_it_needs_and_notes_where_it_comes_from(bench):
    found = source(bench)
    run = start(bench, found[:8])
    assert run.spec["source"] == found
    assert run.environment["source"]["run"] == found
    assert run.environment["source"]["dataset"] == SPEC.dataset
    bench.engine.runs.delete(found, by=ANNA)
    assert (bench.engine.store.run_folder(run.id) / SOURCE_FILE).read_bytes() == b"weights"


def test_only_from_a_run_that_one_may_see(bench):
    found = source(bench)
    with pytest.raises(UnknownIdError, match="unknown_run"):
        start(bench, found, by=BEN)
    bench.engine.runs.share(found, Visibility.CLASS, by=ANNA)
    assert start(bench, found, by=BEN).owner == "ben"


def test_a_source_that_was_deleted_or_does_not_fit_is_refused_before_anything_starts(bench):
    found = source(bench)
    unfinished = bench.engine.runs.submit(SPEC.with_changes(seed=9), by=ANNA, name="waits").id
    short = source(bench, SPEC.with_changes(head_at=2, n_frozen=0))
    before = len(bench.engine.runs.list_runs(by=OPERATOR))
    sick = source(bench, SPEC.with_changes(fault="bgr-pixels"))
    assert not is_source_of(bench.engine.store.get(sick), SPEC.backbone)
    before += 1
    wrong = ((unfinished, "source_unfinished"), (short, "source_cut_short"), (sick, "source_has_fault"))
    for run_id, code in wrong:
        with pytest.raises(InputError, match=code):
            start(bench, run_id)
    other = "squeezenet" if SPEC.backbone != "squeezenet" else "mobilenet_v2"
    with pytest.raises(InputError, match="source_other_backbone"):
        start(bench, found, backbone=other, n_frozen=0)
    (bench.engine.store.run_folder(found) / WEIGHTS_FILE).unlink()
    with pytest.raises(StoreError, match="source_gone"):
        start(bench, found)
    bench.engine.runs.delete(found, by=ANNA)
    with pytest.raises(UnknownIdError, match="unknown_run"):
        start(bench, found)
    assert len(bench.engine.runs.list_runs(by=OPERATOR)) == before - 1


def test_what_can_be_chosen_fits(bench):
    record = bench.engine.store.get(source(bench))
    assert is_source_of(record, SPEC.backbone)
    assert not is_source_of(record, "vgg16")
    assert not is_source_of(bench.engine.store.get(start(bench, record.id).id), SPEC.backbone)


def test_runs_are_equal_where_the_weights_of_their_sources_are_whatever_their_ids(bench):
    one, same, other = source(bench), source(bench), source(bench, content=b"others")
    keys = [reuse.fingerprint(SPEC.with_changes(source=run_id), bench.engine.store) for run_id in (one, same, other)]
    assert keys[0] == keys[1]
    assert len({*keys, reuse.fingerprint(SPEC)}) == 3
    assert reuse.fingerprint(SPEC.with_changes(source="no such run"), bench.engine.store) is None
    run = start(bench, one)
    bench.worker.begin(run.id, n_steps=4)
    bench.worker.tell(run.id, epoch(1))
    (bench.engine.store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"trained")
    end(bench, run.id)
    again = start(bench, same, by=Visitor("carla", is_instructor=True))
    assert (again.state, again.recorded_from) == (RunState.COMPLETED, run.id)
