"""Sweeps are driven trial by trial: what is known is copied, others go first, what has ended is not trained again."""

import inspect
import random
from contextlib import suppress

import pytest

from tests.engine.engine_bench import Bench, Clock, ended
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import SOURCE_FILE, WEIGHTS_FILE
from tl_core.engine.environment import n_threads
from tl_core.engine.pool.pool import MAX_BAD_STARTS
from tl_core.engine.runs.sweeps import DEAD_S, Sweeps
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError
from tl_core.experiments.sweep import Cell, Sweep, grid
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.limits import MOST_ACTIVE_SWEEPS, MOST_SWEEPS, Limits
from tl_core.store.records import RunState, SweepState, Visibility
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN, CARLA = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
BASE = {"dataset": "groceries", "backbone": "squeezenet", "image_size": 64, "epochs": 2}
TUNED = {**BASE, "freeze": "none"}  # no features to compute before
SOURCE = {**BASE, "n_frozen": 0, "batch_size": 16}


def rates(n: int = 3, seeds=(0,), base=TUNED) -> Sweep:
    return Sweep("own", base, grid({"learning_rate": [10.0**-power for power in range(2, 2 + n)]}), tuple(seeds))


class SweepBench(Bench):
    """A bench on which sweeps are at rest when one looks."""

    def start(self, sweep: Sweep, by=ANNA, name: str = "rates"):
        record = self.engine.sweeps.start(sweep, by=by, name=name)
        self.settle()
        return record

    def settle(self) -> None:
        """Waits until the thread of the sweeps has nothing to do."""
        for _ in range(3):  # what it does may give it more to do
            self.engine.sweeps._driver._thread.submit(lambda: None).result()

    def finish(self, run_id: str, state: str = "completed", error: dict | None = None) -> None:
        """Has a run trained to its end, weights included."""
        self.worker.begin(run_id)
        (self.engine.store.run_folder(run_id) / WEIGHTS_FILE).write_bytes(b"weights")
        self.worker.end(run_id, state, error)
        self.settle()

    def seen(self, record, by=CARLA):
        return self.engine.sweeps.snapshot(record.id, by=by)

    def states(self, record) -> list[str]:
        return [row["state"] for row in self.seen(record).rows]

    def train_rest(self, record, done=()) -> None:
        """Trains what is sent, but for what is done already, until the sweep is at rest."""
        done = list(done)
        while self.seen(record).is_active:
            done.append(next(run_id for run_id in self.worker.trained() if run_id not in done))
            self.finish(done[-1])


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = SweepBench(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


def test_a_sweep_is_trained_trial_by_trial_and_its_rows_come_in_order(bench):
    record = bench.start(rates(4))
    assert len(bench.worker.trained()) == 2
    assert bench.states(record) == ["queued", "queued", "waiting", "waiting"]
    first = bench.worker.trained()[0]
    bench.finish(first)
    assert len(bench.worker.trained()) == 3
    assert bench.seen(record).n_done == 1
    bench.train_rest(record, [first])
    seen = bench.seen(record)
    assert (seen.record.state, seen.n_done, seen.n_trials) == (SweepState.COMPLETED, 4, 4)
    assert [row["learning_rate"] for row in seen.rows] == [1e-2, 1e-3, 1e-4, 1e-5]
    assert {row["test_accuracy"] for row in seen.rows} == {0.75}
    assert [row["run_id"] for row in seen.rows] == bench.worker.trained()


def test_a_trial_that_fails_leaves_the_rest_and_is_trained_again_when_the_sweep_goes_on(bench):
    record = bench.start(rates(3))
    first, second = bench.worker.trained()
    bench.finish(first, "failed", {"code": "loss_not_finite", "values": {"step": 3}})
    bench.train_rest(record, [first])
    assert bench.seen(record).record.state is SweepState.COMPLETED
    assert bench.states(record) == ["failed", "completed", "completed"]
    assert bench.seen(record).n_done == 3
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    again = bench.worker.trained()[3:]
    assert len(again) == 1
    assert first not in again
    with pytest.raises(UnknownIdError):
        bench.engine.store.get(first)
    bench.finish(again[0])
    assert bench.states(record) == ["completed"] * 3
    assert bench.seen(record).rows[1]["run_id"] == second


def test_what_an_equal_run_has_found_out_is_copied_and_only_the_rest_is_trained(bench):
    first = bench.start(rates(2))
    bench.train_rest(first)
    trained = len(bench.worker.trained())
    other = bench.start(rates(3), by=BEN)
    assert len(bench.worker.trained()) == trained + 1
    assert bench.states(other) == ["completed", "completed", "queued"]
    assert bench.seen(other, by=BEN).rows[0]["test_accuracy"] == 0.75
    same = bench.start(rates(2), by=BEN)
    assert bench.seen(same).record.state is SweepState.COMPLETED


def test_a_sweep_is_stopped_within_its_trials_and_goes_on_where_it_was(bench):
    record = bench.start(rates(4))
    first, second = bench.worker.trained()
    bench.finish(first)
    bench.worker.begin(second)
    bench.engine.sweeps.stop(record.id, by=ANNA)
    assert bench.seen(record).record.state is SweepState.STOPPED
    assert set(bench.worker.stopped()) == {second, bench.worker.trained()[2]}
    for run_id in bench.worker.stopped():
        bench.worker.end(run_id, "stopped")
    bench.settle()
    assert bench.states(record) == ["completed", "stopped", "stopped", "waiting"]
    n_sent = len(bench.worker.sent)
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    resumed = [message for message in bench.worker.sent[n_sent:] if message["do"] == "train"]
    assert [message["run_id"] for message in resumed] == [second, bench.worker.trained()[2]]
    assert [message["is_resumed"] for message in resumed] == [True, True]


def test_a_sweep_that_goes_on_before_its_runs_have_stopped_waits_for_them(bench):
    record = bench.start(rates(3))
    first, second = bench.worker.trained()
    bench.worker.begin(first)
    bench.worker.begin(second)
    bench.engine.sweeps.stop(record.id, by=ANNA)
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    assert bench.worker.trained() == [first, second]
    for run_id in (first, second):
        bench.worker.end(run_id, "stopped")
        bench.settle()
    assert bench.worker.trained() == [first, second, first, second]


def test_a_persons_own_run_goes_before_their_waiting_trials_and_others_take_turns(bench):
    bench.engine.classroom.hold(True, by=CARLA)
    sweep = bench.start(rates(6))
    trials = [row["run_id"] for row in bench.seen(sweep).rows[:2]]
    own = bench.submit("own", by=ANNA)
    other = bench.submit("other", by=BEN)
    order = sorted((own, other, *trials), key=bench.position)
    assert order.index(own) < min(order.index(trial) for trial in trials)
    assert order.index(other) < order.index(trials[0])
    assert bench.position(trials[1]) == 4
    assert len(bench.engine.store.list_runs(sweep=sweep.id)) == 2


def test_the_runs_of_a_sweep_stand_in_no_list_and_do_not_count(bench):
    record = bench.start(rates(3))
    bench.train_rest(record)
    assert bench.engine.runs.list_runs(by=ANNA) == []
    assert len(bench.engine.runs.list_runs(by=ANNA, sweep=record.id)) == 3
    assert bench.engine.runs.find(bench.seen(record).rows[0]["run_id"], by=ANNA).owner == "anna"


def test_nothing_is_left_of_a_sweep_with_a_trial_that_cannot_be_run(bench):
    sweep = Sweep("own", TUNED, grid({"head_at": ["fire2", "no block"]}), (0,))
    with pytest.raises(InputError):
        bench.start(sweep)
    assert bench.engine.sweeps.list_sweeps(by=CARLA) == []
    assert bench.worker.trained() == []


def test_more_seeds_come_after_what_is_there_under_way_and_at_rest(bench):
    record = bench.start(rates(2))
    bench.engine.sweeps.add_seeds(record.id, 1, by=ANNA)
    bench.train_rest(record)
    assert [(row["seed"], row["learning_rate"]) for row in bench.seen(record).rows] == [
        (0, 1e-2),
        (0, 1e-3),
        (1, 1e-2),
        (1, 1e-3),
    ]
    done = bench.worker.trained()
    bench.engine.sweeps.add_seeds(record.id, 2, by=ANNA)
    bench.settle()
    assert bench.states(record)[4:] == ["queued", "queued", "waiting", "waiting"]
    bench.train_rest(record, done)
    assert bench.seen(record).n_done == 8
    for n in (100, 0, -1):
        with pytest.raises(InputError):
            bench.engine.sweeps.add_seeds(record.id, n, by=ANNA)


def test_a_run_that_is_deleted_is_missing_and_trained_again(bench):
    record = bench.start(rates(2))
    bench.train_rest(record)
    gone = bench.seen(record).rows[1]["run_id"]
    bench.engine.runs.delete(gone, by=ANNA)
    assert bench.states(record) == ["completed", "missing"]
    done = bench.worker.trained()
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    bench.train_rest(record, done)
    assert bench.states(record) == ["completed", "completed"]
    assert bench.seen(record).rows[1]["run_id"] != gone


def test_equal_versions_are_equal_snapshots_and_whatever_happens_is_another_version(bench):
    record = bench.start(rates(2))
    before = bench.seen(record)
    assert bench.seen(record) is before
    assert bench.engine.sweeps.version(record.id) == before.version
    bench.worker.begin(bench.worker.trained()[0])
    began = bench.seen(record)
    assert began.version != before.version
    assert began.rows[0]["state"] == "running"
    bench.engine.sweeps.rename(record.id, "other", by=ANNA)
    assert bench.seen(record).record.name == "other"
    bench.train_rest(record)
    assert bench.engine.sweeps.version(record.id) == 0
    assert bench.seen(record) == bench.seen(record)
    assert bench.seen(record).version != began.version


def test_the_rest_is_estimated_from_the_pace_so_far(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    clock = Clock()
    bench = SweepBench(MemoryStore(), tmp_path, clock)
    record = bench.start(rates(4))
    assert bench.seen(record).left_s is None
    clock.pass_s(20.0)
    bench.finish(bench.worker.trained()[0])
    assert bench.seen(record).left_s == pytest.approx(60.0)
    bench.engine.close()


# ---- features first ----


def filling(bench) -> list[dict]:
    return [message for message in bench.worker.sent if message["do"] == "fill"]


@pytest.fixture
def depth() -> Sweep:
    return Sweep("depth", BASE, grid({"head_at": [2, 5, 8]}), (0, 1))


def test_features_are_computed_before_the_trials_and_how_far_is_shown(bench, depth):
    record = bench.start(depth)
    (asked,) = filling(bench)
    assert [spec["head_at"] for spec in asked["specs"]] == [2, 5, 8, 2, 5, 8]
    assert bench.worker.trained() == []
    assert bench.seen(record).doing == {"phase": "features", "done": 0, "total": 0}
    bench.worker.say({"say": "progress", "request_id": asked["request_id"], "done": 32, "total": 900, "value": None})
    assert bench.seen(record).doing == {"phase": "features", "done": 32, "total": 900}
    bench.worker.say({"say": "answer", "request_id": asked["request_id"], "value": {"n": 1}})
    bench.settle()
    assert bench.seen(record).doing is None
    assert len(bench.worker.trained()) == 2


def test_trials_compute_for_themselves_where_the_pass_has_failed(bench, depth):
    bench.start(depth)
    error = {"code": "request_failed", "values": {"reason": "x"}}
    bench.worker.say({"say": "answer", "request_id": filling(bench)[0]["request_id"], "error": error})
    bench.settle()
    assert len(bench.worker.trained()) == 2


def test_a_stopped_sweep_computes_no_features_and_trains_nothing(bench, depth):
    record = bench.start(depth)
    bench.engine.sweeps.stop(record.id, by=ANNA)
    bench.settle()
    assert bench.worker.sent[-1] == {"do": "cancel", "request_id": filling(bench)[0]["request_id"]}
    assert bench.worker.trained() == []
    assert bench.seen(record).doing is None


def test_all_trials_have_the_threads_of_the_main_worker(bench, depth):
    bench.start(depth)
    assert {spec["threads"] for spec in filling(bench)[0]["specs"]} == {n_threads()}


# ---- what goes wrong, and what comes after ----


def test_a_lost_worker_costs_a_sweep_nothing(bench):
    record = bench.start(rates(3))
    first, second = bench.worker.trained()
    bench.worker.say({"say": "ready", "device": "CPU"})
    bench.worker.begin(first)
    bench.worker.die(-9)
    bench.settle()
    assert sorted(bench.worker.trained()) == sorted([first, second])
    bench.train_rest(record)
    assert bench.states(record) == ["completed"] * 3


def test_where_no_worker_ever_starts_a_sweep_is_interrupted_and_says_why(bench):
    record = bench.start(rates(3, seeds=range(10)))
    for _ in range(MAX_BAD_STARTS):
        bench.worker.die(1)
    bench.settle()
    seen = bench.seen(record)
    assert seen.record.state is SweepState.INTERRUPTED
    assert seen.record.error["code"] == "worker_died"
    assert seen.n_done <= 4


def test_a_full_disk_interrupts_a_sweep_which_goes_on_later(bench):
    record = bench.start(rates(3))
    bench.finish(bench.worker.trained()[0], "failed", {"code": "disk_full", "values": {"path": "x", "free_mb": 1}})
    assert bench.seen(record).record.state is SweepState.INTERRUPTED
    assert bench.seen(record).record.error["code"] == "disk_full"
    for run_id in bench.worker.stopped():
        bench.worker.end(run_id, "stopped")
    done = bench.worker.trained()
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    assert bench.seen(record).record.error is None
    assert bench.worker.trained()[len(done) :]


def test_a_server_that_ends_leaves_its_sweeps_interrupted_and_the_next_goes_on_with_what_is_left(tmp_path):
    with SqliteStore(tmp_path) as store:
        before = SweepBench(store, tmp_path)
        record = before.start(rates(4))
        first, second = before.worker.trained()
        before.finish(first)
        before.worker.begin(second)
        before.engine.close()
    with SqliteStore(tmp_path) as store:
        after = SweepBench(store, tmp_path)
        assert after.seen(record).record.state is SweepState.INTERRUPTED
        assert after.states(record)[0] == "completed"
        after.engine.sweeps.go_on(record.id, by=ANNA)
        after.settle()
        assert first not in after.worker.trained()
        after.train_rest(record)
        assert after.states(record) == ["completed"] * 4
        assert after.seen(record).rows[0]["run_id"] == first
        after.engine.close()


def test_the_instructor_who_clears_an_address_stops_its_sweeps(bench):
    here = Visitor("dora", address="10.0.0.1")
    record = bench.start(rates(3), by=here)
    bench.engine.classroom.clear("10.0.0.1", by=CARLA)
    bench.settle()
    assert bench.seen(record).record.state is SweepState.STOPPED
    assert len(bench.worker.trained()) == 2


def test_a_sweep_is_deleted_with_its_runs_and_not_while_it_is_under_way(bench):
    record = bench.start(rates(2))
    with pytest.raises(StoreError) as caught:
        bench.engine.sweeps.delete(record.id, by=ANNA)
    assert caught.value.code == "sweep_is_active"
    bench.train_rest(record)
    runs = [row["run_id"] for row in bench.seen(record).rows]
    bench.engine.sweeps.delete(record.id, by=ANNA)
    assert bench.engine.sweeps.list_sweeps(by=ANNA) == []
    for run_id in runs:
        with pytest.raises(UnknownIdError):
            bench.engine.store.get(run_id)


def test_a_student_has_so_many_sweeps_and_the_instructor_is_not_bound(bench):
    bench.engine.classroom.hold(True, by=CARLA)
    for number in range(MOST_ACTIVE_SWEEPS):
        bench.start(rates(1), name=f"sweep {number}")
    assert refusal(bench, ANNA) == "too_many_active_sweeps"
    for record in bench.engine.sweeps.list_sweeps(by=ANNA):
        bench.engine.sweeps.stop(record.id, by=ANNA)
    for _ in range(MOST_SWEEPS - MOST_ACTIVE_SWEEPS):
        bench.engine.sweeps.stop(bench.start(rates(1)).id, by=ANNA)
    assert refusal(bench, ANNA) == "too_many_sweeps"
    for _ in range(MOST_ACTIVE_SWEEPS + 1):
        bench.start(rates(1), by=CARLA)


def test_who_is_a_new_owner_each_time_has_no_more_under_way_than_one_address_may(bench):
    bench.engine.classroom.set_limits(Limits(waiting_address=2), by=CARLA)
    for number in range(2):
        bench.start(rates(1), by=Visitor(f"owner {number}", address="10.0.0.1"))
    assert refusal(bench, Visitor("one more", address="10.0.0.1")) == "line_is_full"
    bench.start(rates(1), by=Visitor("classmate", address="10.0.0.2"))


def refusal(bench, by) -> str:
    with pytest.raises(StoreError) as caught:
        bench.start(rates(1), by=by)
    return caught.value.code


def test_a_trial_cannot_be_made_longer(bench):
    record = bench.start(rates(1))
    bench.train_rest(record)
    with pytest.raises(InputError) as caught:
        bench.engine.runs.go_on(bench.worker.trained()[0], 9, by=ANNA)
    assert caught.value.code == "trial_goes_on"


# ---- how long ----


def test_how_long_a_sweep_takes_is_known_once_all_its_kinds_are(bench):
    sweep = rates(2)
    assert bench.engine.sweeps.estimate_s(sweep) is None
    (asked,) = [message for message in bench.worker.sent if message["do"] == "measure"]
    quick = {"step_s": 0.1, "eval_s": 0.1, "prefix_s": 0.0, "batch_size": 32, "is_bound": False, "pass_bytes": 1}
    bench.worker.say({"say": "answer", "request_id": asked["request_id"], "value": quick})
    one_s = bench.engine.sweeps.estimate_s(rates(1))
    assert bench.engine.sweeps.estimate_s(sweep) == pytest.approx(2 * one_s)
    bench.train_rest(bench.start(rates(1)))
    assert bench.engine.sweeps.estimate_s(rates(1)) == 0.0


def test_features_that_trials_share_are_counted_once(bench):
    sweep = Sweep("own", BASE, grid({"learning_rate": [1e-2, 1e-3]}), (0,))
    assert bench.engine.sweeps.estimate_s(sweep) is None
    quick = {"step_s": 0.0, "eval_s": 0.0, "prefix_s": 0.01, "batch_size": 32, "is_bound": False, "pass_bytes": 1}
    bench.worker.say({"say": "answer", "request_id": bench.worker.sent[-1]["request_id"], "value": quick})
    pass_s = bench.engine.sweeps.estimate_s(Sweep("own", BASE, sweep.cells[:1], (0,)))
    assert bench.engine.sweeps.estimate_s(sweep) == pytest.approx(pass_s)


# ---- who may do what ----

ON_A_SWEEP = {
    "snapshot": lambda sweeps, id, by: sweeps.snapshot(id, by=by),
    "find": lambda sweeps, id, by: sweeps.find(id, by=by),
    "stop": lambda sweeps, id, by: sweeps.stop(id, by=by),
    "go_on": lambda sweeps, id, by: sweeps.go_on(id, by=by),
    "add_seeds": lambda sweeps, id, by: sweeps.add_seeds(id, 1, by=by),
    "rename": lambda sweeps, id, by: sweeps.rename(id, "new name", by=by),
    "share": lambda sweeps, id, by: sweeps.share(id, Visibility.CLASS, by=by),
    "delete": lambda sweeps, id, by: sweeps.delete(id, by=by),
}
LOOKS = {"snapshot", "find"}


def test_every_method_that_names_a_sweep_is_held_to_its_owner():
    methods = {name for name, _ in inspect.getmembers(Sweeps, callable) if not name.startswith("_")}
    assert methods == {*ON_A_SWEEP, "start", "list_sweeps", "stop_all", "version", "holds", "estimate_s", "close"}


@pytest.mark.parametrize("name", list(ON_A_SWEEP))
@pytest.mark.parametrize("visibility", list(Visibility))
def test_a_sweep_of_anothers_is_left_alone(bench, name, visibility):
    record = bench.start(rates(3))
    bench.engine.sweeps.share(record.id, visibility, by=ANNA)
    before, n_sent = bench.seen(record), len(bench.worker.sent)
    is_refused = visibility is Visibility.PRIVATE or name not in LOOKS
    expected = "unknown_sweep" if visibility is Visibility.PRIVATE else "not_your_sweep"
    for by in (BEN, Visitor("")):
        assert outcome(ON_A_SWEEP[name], bench.engine.sweeps, record.id, by) == (expected if is_refused else "done")
        bench.settle()
        assert bench.seen(record) == before
        assert len(bench.worker.sent) == n_sent


@pytest.mark.parametrize("by", [ANNA, CARLA], ids=["owner", "instructor"])
@pytest.mark.parametrize("name", list(ON_A_SWEEP))
def test_the_owner_and_the_instructor_are_not_refused(bench, name, by):
    record = bench.start(rates(1))
    bench.train_rest(record)
    assert outcome(ON_A_SWEEP[name], bench.engine.sweeps, record.id, by) == "done"
    bench.settle()


def outcome(action, *args) -> str:
    try:
        action(*args)
    except TransferLabError as error:
        return error.code
    return "done"


def test_a_shared_sweep_shares_its_runs_and_those_to_come(bench):
    record = bench.start(rates(3))
    bench.engine.sweeps.share(record.id, Visibility.CLASS, by=ANNA)
    bench.train_rest(record)
    assert [one.id for one in bench.engine.sweeps.list_sweeps(by=BEN)] == [record.id]
    for row in bench.seen(record, by=BEN).rows:
        assert bench.engine.runs.find(row["run_id"], by=BEN).state is RunState.COMPLETED
    assert bench.engine.runs.list_runs(by=BEN) == []


def test_while_many_known_trials_are_copied_the_sweeps_of_others_go_on(bench, monkeypatch):
    many = rates(4, seeds=range(15))
    bench.train_rest(bench.start(many))
    copied = []

    def send(message: dict) -> None:
        if message["do"] == "train":
            copied.append(len(bench.engine.store.list_runs(sweep=record.id)))

    monkeypatch.setattr(bench.worker, "send", send)
    with bench.engine.sweeps._lock:  # both wait for the same moment
        record = bench.engine.sweeps.start(many, by=BEN, name="many")
        bench.engine.sweeps.start(rates(2, seeds=(99,)), by=CARLA, name="few")
    bench.settle()
    bench.settle()
    assert copied[0] < many.n_trials
    assert bench.seen(record).n_done == many.n_trials


def test_a_sweep_that_another_process_drives_is_looked_at_and_not_steered(tmp_path):
    with SqliteStore(tmp_path) as elsewhere:
        record = elsewhere.sweeps.create(rates(2).to_dict(), name="n", owner="anna")
        with SqliteStore(tmp_path) as store:
            bench = SweepBench(store, tmp_path)
            assert bench.seen(record).record.state is SweepState.RUNNING
            for action, code in (
                ("stop", "sweep_elsewhere"),
                ("go_on", "sweep_is_active"),
                ("delete", "sweep_is_active"),
            ):
                assert outcome(ON_A_SWEEP[action], bench.engine.sweeps, record.id, ANNA) == code
            elsewhere.close()
            bench.engine.sweeps.go_on(record.id, by=ANNA)  # its process is gone
            bench.settle()
            assert len(bench.worker.trained()) == 2
            bench.engine.close()


def test_whoever_looks_sees_within_seconds_that_the_process_of_a_sweep_has_died(tmp_path):
    clock = Clock()
    with SqliteStore(tmp_path) as elsewhere:
        record = elsewhere.sweeps.create(rates(2).to_dict(), name="n", owner="anna")
        with SqliteStore(tmp_path) as store:
            bench = SweepBench(store, tmp_path, clock)
            assert bench.seen(record).is_active
            elsewhere.close()
            clock.pass_s(DEAD_S)
            assert bench.seen(record).record.state is SweepState.INTERRUPTED
            (listed,) = bench.engine.sweeps.list_sweeps(by=ANNA)
            assert listed.state is SweepState.INTERRUPTED
            bench.engine.close()


def test_however_many_watch_a_sweep_of_another_process_only_one_look_is_taken(tmp_path):
    clock, looks = Clock(), []
    with SqliteStore(tmp_path) as elsewhere:
        record = elsewhere.sweeps.create(rates(2).to_dict(), name="n", owner="anna")
        with SqliteStore(tmp_path) as store:
            bench = SweepBench(store, tmp_path, clock)
            store.recover = lambda: looks.append(clock())
            for _ in range(10):
                bench.seen(record)
                bench.engine.sweeps.list_sweeps(by=ANNA)
            assert len(looks) == 1
            bench.engine.close()


class Hours:
    """A sweep that is stopped and goes on at random, before a worker that answers as real ones do.

    That is: each run that it was given begins and ends once, and ends as stopped only if it was asked to stop since.
    """

    def __init__(self, bench: SweepBench, seed: int) -> None:
        self.bench, self.draw = bench, random.Random(seed)
        self.record = bench.start(rates(5))
        self.is_asked: dict[str, bool] = {}  # to stop; each run that the worker has
        self.begun: set[str] = set()
        self.n_read = 0

    def pass_by(self, n: int) -> None:
        for _ in range(n):
            self._read()
            action = self.draw.choice((self._begin, self._complete, self._say_stopped, self._stop, self._go_on))
            with suppress(StoreError):  # it is active, or at rest
                action()

    def come_to_an_end(self) -> None:
        for _ in range(100):
            with suppress(StoreError):
                self._go_on()
            self.bench.settle()
            self._read()
            self._complete()
            self.bench.settle()
            if self.bench.seen(self.record).record.state is SweepState.COMPLETED:
                return

    def _read(self) -> None:
        for message in self.bench.worker.sent[self.n_read :]:
            if message["do"] == "train":
                self.is_asked[message["run_id"]] = False
            elif message["do"] == "stop" and message["run_id"] in self.is_asked:
                self.is_asked[message["run_id"]] = True
        self.n_read = len(self.bench.worker.sent)

    def _one(self, runs) -> str | None:
        found = sorted(runs)
        return self.draw.choice(found) if found else None

    def _begin(self) -> None:
        if run_id := self._one(set(self.is_asked) - self.begun):
            self.begun.add(run_id)
            self.bench.worker.begin(run_id)

    def _complete(self) -> None:
        run_id = self._one(self.is_asked)
        if run_id in self.begun:
            (self.bench.engine.store.run_folder(run_id) / WEIGHTS_FILE).write_bytes(b"weights")
            self.bench.worker.end(run_id)
        elif run_id is not None:
            self.bench.finish(run_id)
        self.begun.discard(run_id or "")
        self.is_asked.pop(run_id or "", None)

    def _say_stopped(self) -> None:
        if run_id := self._one(run_id for run_id, is_asked in self.is_asked.items() if is_asked):
            del self.is_asked[run_id]
            self.begun.discard(run_id)
            self.bench.worker.end(run_id, "stopped")

    def _stop(self) -> None:
        self.bench.engine.sweeps.stop(self.record.id, by=ANNA)

    def _go_on(self) -> None:
        self.bench.engine.sweeps.go_on(self.record.id, by=ANNA)


def test_no_completed_sweep_has_a_trial_that_was_stopped_however_often_it_was_stopped_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    for seed in range(12):
        bench = SweepBench(MemoryStore(), tmp_path / str(seed))
        hours = Hours(bench, seed)
        hours.pass_by(60)
        if bench.seen(hours.record).record.state is not SweepState.COMPLETED:
            hours.come_to_an_end()
        assert bench.seen(hours.record).record.state is SweepState.COMPLETED
        assert set(bench.states(hours.record)) == {"completed"}
        bench.engine.close()


STAGES = Sweep(
    "own",
    TUNED,
    (
        Cell({"arm": "source"}, {"dataset": "mnist-small", "image_size": 64}),
        Cell({"arm": "target"}, {}, source={"arm": "source"}),
        Cell({"arm": "scratch"}, {"weights": "random"}),
    ),
    (0,),
)


def test_a_trial_that_starts_from_another_waits_for_it_and_others_do_not(bench):
    record = bench.start(STAGES)
    source, scratch = bench.worker.trained()
    specs = {run_id: bench.engine.store.get(run_id).spec for run_id in (source, scratch)}
    assert [specs[run_id]["weights"] for run_id in (source, scratch)] == ["pretrained", "random"]
    bench.finish(scratch)
    assert bench.worker.trained() == [source, scratch]
    bench.finish(source)
    target = bench.worker.trained()[-1]
    assert bench.engine.store.get(target).spec["source"] == source
    assert (bench.engine.store.run_folder(target) / SOURCE_FILE).read_bytes() == b"weights"
    bench.finish(target)
    assert bench.states(record) == ["completed"] * 3


def test_a_source_that_failed_costs_its_own_trials_only(bench):
    record = bench.start(STAGES)
    source, scratch = bench.worker.trained()
    bench.finish(scratch)
    bench.worker.begin(source)
    bench.worker.end(source, "failed", {"code": "training_failed", "values": {"reason": "?", "batch_size": 1}})
    bench.settle()
    target = bench.worker.trained()[-1]
    assert target != scratch
    bench.worker.begin(target)
    bench.worker.end(target, "failed", {"code": "source_gone", "values": {"run": source}})
    bench.settle()
    assert bench.states(record) == ["failed", "failed", "completed"]
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    bench.train_rest(record, done=[source, scratch, target])
    assert bench.states(record) == ["completed"] * 3


def test_with_an_equal_source_equal_targets_are_taken_over_as_well(bench):
    first = bench.start(STAGES)
    bench.train_rest(first)
    n_trained = len(bench.worker.trained())
    again = bench.start(STAGES, by=BEN)
    assert bench.states(again) == ["completed"] * 3
    assert len(bench.worker.trained()) == n_trained
    assert bench.engine.sweeps.estimate_s(STAGES, may_measure=False) == 0.0


def test_a_sweep_from_somebody_elses_private_run_is_refused_as_if_there_were_none(bench):
    source = bench.engine.runs.submit(RunSpec(**SOURCE), by=ANNA, name="mine")
    bench.worker.begin(source.id)
    (bench.engine.store.run_folder(source.id) / WEIGHTS_FILE).write_bytes(b"weights")
    bench.worker.tell(source.id, ended() | {"best_epoch": 1})
    bench.worker.say({"say": "ended", "run_id": source.id})
    sweep = Sweep("own", {**TUNED, "source": source.id}, (Cell({"arm": "one"}, {}),), (0,))
    with pytest.raises(UnknownIdError, match="unknown_run"):
        bench.start(sweep, by=BEN)
    assert bench.states(bench.start(sweep, by=ANNA)) == ["queued"]


def test_a_sweep_whose_source_is_no_earlier_cell_is_refused():
    cells = (Cell({"arm": "one"}, {}, source={"arm": "two"}), Cell({"arm": "two"}, {}))
    with pytest.raises(InputError, match="bad_sweep"):
        Sweep("own", TUNED, cells, (0,))
    assert Sweep.from_dict(STAGES.to_dict()) == STAGES
