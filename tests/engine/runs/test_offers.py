"""A sweep that a class splits: one trial each at a time, nobody's is another's to end, and what is left has an end."""

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engine.runs.test_sweeps import ANNA, BEN, CARLA, SOURCE, SweepBench, outcome, rates
from tests.store.memory_store import MemoryStore
from tl_core.engine.runs.offers import Offers, why_not
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Cell, Sweep, grid
from tl_core.store.access import Visitor
from tl_core.store.limits import Limits
from tl_core.store.records import RunState, SweepState, Visibility
from tl_core.store.sqlite.store import SqliteStore

DORA, EMIL = Visitor("dora"), Visitor("emil")


class OfferBench(SweepBench):
    """A bench on which a class takes trials."""

    def offer(self, sweep: Sweep | None = None, by=ANNA):
        return self.engine.sweeps.start(sweep or rates(4), by=by, name="rates", is_offered=True)

    def take(self, record, by, trial: int | None = None) -> str:
        return self.engine.offers.take(record.id, trial, by=by).id

    def refused(self, record, by, trial: int | None = None) -> str:
        return outcome(lambda: self.take(record, by, trial))

    def owners(self, record) -> list[str | None]:
        return list(self.seen(record).owners)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = OfferBench(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


# ---- taking ----


def test_what_is_offered_trains_nothing_by_itself_and_is_seen_by_its_link(bench):
    record = bench.offer()
    bench.settle()
    assert bench.worker.trained() == []
    assert bench.states(record) == ["waiting"] * 4
    assert (record.state, record.is_active) == (SweepState.OFFERED, False)
    assert bench.engine.sweeps.list_sweeps(by=BEN) == []
    assert bench.seen(record, by=BEN).record == record


def test_each_takes_one_trial_at_a_time_and_trains_it_as_a_run_of_their_own(bench):
    record = bench.offer()
    first, second = bench.take(record, BEN), bench.take(record, DORA, 2)
    assert bench.worker.trained() == [first, second]
    assert bench.owners(record) == ["ben", None, "dora", None]
    assert {run.owner for run in (bench.engine.runs.find(first, by=BEN), bench.engine.store.get(first))} == {"ben"}
    assert bench.refused(record, BEN) == bench.refused(record, BEN, 3) == "trial_not_over"
    bench.finish(first)
    assert bench.engine.store.get(bench.take(record, BEN)).trial == 1
    assert bench.states(record) == ["completed", "queued", "queued", "waiting"]
    assert bench.seen(record).rows[0]["test_accuracy"] == 0.75
    assert bench.engine.runs.find(second, by=EMIL).visibility is Visibility.LINK


def test_a_taken_trial_is_nobody_elses_and_one_that_does_not_exist_neither(bench):
    record = bench.offer(rates(2))
    bench.take(record, BEN, 1)
    assert bench.refused(record, DORA, 1) == "trial_taken"
    assert bench.refused(record, DORA, 2) == bench.refused(record, DORA, -1) == "trial_taken"
    bench.take(record, DORA)
    assert bench.refused(record, EMIL) == "no_trial_open"
    assert len(bench.engine.store.list_runs(sweep=record.id)) == 2


@pytest.mark.parametrize("trial", [None, 1])
def test_of_several_who_take_in_the_same_second_none_gets_what_another_has(bench, monkeypatch, trial):
    record, n = bench.offer(rates(6)), 6
    everybody_has_chosen = threading.Barrier(n)
    found = bench.engine.runs.data
    first_time = threading.local()

    def data(dataset, *, by):
        if not hasattr(first_time, "is_over"):
            first_time.is_over = True
            everybody_has_chosen.wait()
        return found(dataset, by=by)

    monkeypatch.setattr(bench.engine.runs, "data", data)
    with ThreadPoolExecutor(n) as pool:
        outcomes = list(pool.map(lambda who: bench.refused(record, Visitor(f"student {who}"), trial), range(n)))
    taken = [run.trial for run in bench.engine.store.list_runs(sweep=record.id)]
    assert sorted(taken) == (list(range(n)) if trial is None else [1])
    assert sorted(outcomes) == ["done"] * len(taken) + ["trial_taken"] * (n - len(taken))


@pytest.mark.parametrize("state", ["failed", "stopped", "deleted"])
def test_a_trial_whose_run_failed_or_was_stopped_or_deleted_is_open_again(bench, state):
    record = bench.offer(rates(2))
    run_id = bench.take(record, BEN)
    if state == "failed":
        bench.finish(run_id, "failed", {"code": "loss_not_finite", "values": {"step": 3}})
    else:
        bench.worker.begin(run_id)
        bench.engine.runs.stop(run_id, by=BEN)
        bench.worker.end(run_id, "stopped")
    if state == "deleted":
        bench.engine.runs.delete(run_id, by=BEN)
    other = bench.take(record, DORA)
    assert bench.engine.store.get(other).trial == 0
    assert bench.owners(record)[0] == "dora"
    if state != "deleted":
        assert bench.engine.store.get(run_id).owner == "ben"
    bench.finish(other)
    assert bench.states(record)[0] == "completed"


def test_who_has_stopped_goes_on_with_it_and_of_two_runs_the_one_that_is_further_counts(bench):
    record = bench.offer(rates(2))
    mine = bench.take(record, BEN)
    bench.worker.begin(mine)
    bench.engine.runs.stop(mine, by=BEN)
    bench.worker.end(mine, "stopped")
    assert bench.take(record, BEN, 0) == mine
    bench.engine.runs.stop(mine, by=BEN)
    bench.worker.end(mine, "stopped")
    other = bench.take(record, DORA, 0)
    bench.engine.runs.resume(mine, by=BEN)
    bench.finish(mine)
    bench.engine.runs.stop(other, by=DORA)
    assert bench.owners(record)[0] == "ben"
    assert bench.states(record)[0] == "completed"


def test_what_an_equal_run_has_found_out_is_copied_at_once(bench):
    bench.train_rest(bench.start(rates(1)))
    record, n_trained = bench.offer(rates(2)), len(bench.worker.trained())
    run_id = bench.take(record, BEN)
    assert bench.engine.store.get(run_id).state is RunState.COMPLETED
    assert (bench.owners(record), len(bench.worker.trained())) == (["ben", None], n_trained)


def test_a_taken_trial_waits_in_the_line_of_who_took_it(bench):
    bench.engine.classroom.hold(True, by=CARLA)
    record = bench.offer()
    trial, own, others = bench.take(record, BEN), bench.submit("own", by=BEN), bench.submit("other", by=DORA)
    assert sorted((trial, own, others), key=bench.position) == [own, others, trial]


def test_the_limits_for_one_student_hold_for_trials(bench):
    record = bench.offer()
    bench.engine.classroom.set_limits(Limits(running=1, waiting=1), by=CARLA)
    bench.engine.classroom.hold(True, by=CARLA)
    bench.submit("own", by=BEN)
    assert bench.refused(record, BEN) == "too_many_waiting"
    assert bench.owners(record) == [None] * 4


# ---- what comes of it ----


def test_with_the_last_trial_the_sweep_is_completed(bench):
    record = bench.offer(rates(2))
    for by in (BEN, DORA):
        bench.finish(bench.take(record, by))
    assert bench.seen(record, by=EMIL).record.state is SweepState.COMPLETED
    assert bench.engine.store.sweeps.get(record.id).state is SweepState.COMPLETED
    assert bench.refused(record, EMIL) == "offer_over"


def test_what_is_left_is_trained_for_the_owner_and_what_others_train_goes_on(bench):
    record = bench.offer(rates(6))
    bens, doras, emils = (bench.take(record, by) for by in (BEN, DORA, EMIL))
    bench.worker.begin(doras)
    bench.engine.runs.stop(doras, by=DORA)
    bench.worker.end(doras, "stopped")
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    assert bench.owners(record)[:4] == ["ben", "anna", "emil", "anna"]  # those of others take no place of the owner's
    assert bench.refused(record, Visitor("frida")) == "offer_over"
    bench.train_rest(record, [doras])
    assert bench.states(record) == ["completed"] * 6
    assert bench.owners(record) == ["ben", "anna", "emil", "anna", "anna", "anna"]
    assert bench.engine.store.get(doras).state is RunState.STOPPED
    assert len(set(bench.worker.trained())) == 7
    assert bens in bench.worker.trained()
    assert emils in bench.worker.trained()


def test_to_stop_the_rest_stops_nothing_of_others(bench):
    record = bench.offer(rates(4))
    bens = bench.take(record, BEN)
    bench.engine.sweeps.go_on(record.id, by=ANNA)
    bench.settle()
    bench.engine.sweeps.stop(record.id, by=ANNA)
    assert bens not in bench.worker.stopped()
    assert len(bench.worker.stopped()) == 2
    bench.finish(bens)
    assert bench.states(record)[0] == "completed"


def test_an_offer_ends_and_begins_again_and_what_was_taken_goes_on(bench):
    record = bench.offer(rates(2))
    bens = bench.take(record, BEN)
    bench.engine.offers.withdraw(record.id, by=ANNA)
    assert bench.refused(record, DORA) == "offer_over"
    bench.finish(bens)
    assert bench.seen(record).record.state is SweepState.STOPPED
    bench.engine.offers.offer(record.id, by=ANNA)
    assert bench.engine.store.get(bench.take(record, DORA)).trial == 1


def test_a_stopped_sweep_is_offered_to_those_who_get_its_link(bench):
    record = bench.start(rates(3))
    assert outcome(lambda: bench.engine.offers.offer(record.id, by=ANNA)) == "sweep_is_active"
    bench.engine.sweeps.stop(record.id, by=ANNA)
    assert bench.refused(record, BEN) == "unknown_sweep"
    bench.engine.offers.offer(record.id, by=ANNA)
    assert bench.engine.store.get(bench.take(record, BEN)).trial in (0, 1, 2)


def test_more_seeds_are_offered_as_well(bench):
    record = bench.offer(rates(2))
    bench.engine.sweeps.add_seeds(record.id, 1, by=ANNA)
    bench.settle()
    assert bench.states(record) == ["waiting"] * 4
    assert bench.seen(record).record.state is SweepState.OFFERED


def test_with_the_sweep_the_runs_of_others_are_not_deleted_but_theirs_alone(bench):
    record = bench.offer(rates(2))
    bens, annas = bench.take(record, BEN), bench.take(record, ANNA)
    assert outcome(lambda: bench.engine.sweeps.delete(record.id, by=ANNA)) == "sweep_is_active"
    for run_id in (bens, annas):
        bench.finish(run_id)
    bench.engine.sweeps.delete(record.id, by=ANNA)
    assert [run.id for run in bench.engine.runs.list_runs(by=BEN)] == [bens]
    with pytest.raises(UnknownIdError):
        bench.engine.store.get(annas)


def test_who_shares_the_sweep_shares_none_of_the_runs_of_others(bench):
    record = bench.offer(rates(2))
    run_id = bench.take(record, BEN)
    bench.engine.runs.share(run_id, Visibility.PRIVATE, by=BEN)
    bench.engine.sweeps.share(record.id, Visibility.CLASS, by=ANNA)
    assert bench.engine.store.get(run_id).visibility is Visibility.PRIVATE


def test_a_killed_server_loses_no_assignment_and_who_had_a_trial_goes_on_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    store = SqliteStore(tmp_path)
    before = OfferBench(store, tmp_path)
    record = before.offer()
    done, taken = before.take(record, BEN), before.take(record, DORA)
    before.finish(done)
    before.worker.begin(taken)
    before.engine._supervisor.close()  # as a dead process: nothing of the offer is written down any more
    store.close()
    after = OfferBench(SqliteStore(tmp_path), tmp_path)
    assert after.seen(record).record == record
    assert after.states(record) == ["completed", "interrupted", "waiting", "waiting"]
    assert after.owners(record)[:2] == ["ben", "dora"]
    assert after.refused(record, EMIL, 1) == "trial_taken"
    assert after.refused(record, DORA, 2) == "trial_not_over"
    assert after.take(record, DORA) == taken
    assert after.worker.sent[-1]["is_resumed"]
    after.engine.close()


# ---- what cannot be offered, and by whom ----


def test_trials_that_start_from_one_another_or_from_a_run_are_not_offered(bench):
    source = Cell({"stage": "source"}, SOURCE)
    staged = Sweep("own", SOURCE, (source, Cell({"stage": "target"}, {}, {"stage": "source"})), (0,))
    given = Sweep("own", {**SOURCE, "source": "0" * 32}, grid({"learning_rate": [0.1, 0.01]}), (0,))
    for sweep in (staged, given):
        assert sweep.starts_from_runs
    with pytest.raises(InputError) as caught:
        bench.offer(staged)
    assert caught.value.code == "trials_in_order"
    assert bench.engine.sweeps.list_sweeps(by=CARLA) == []
    assert not rates().starts_from_runs


def test_an_experiment_that_measures_time_is_not_offered(bench):
    with pytest.raises(InputError) as caught:
        bench.offer(PRESETS["savings"].sweep({"backbone": "squeezenet"}, 1))
    assert caught.value.code == "trials_are_timed"
    assert why_not(PRESETS["depth"].sweep({"backbone": "squeezenet"}, 1)) is None


def test_pictures_that_only_one_may_see_are_not_offered(bench, monkeypatch):
    def data(dataset, *, by):
        if by != ANNA:
            raise UnknownIdError("unknown_dataset", received=dataset, allowed=[])
        return dataset

    monkeypatch.setattr(bench.engine.runs, "data", data)
    with pytest.raises(StoreError) as caught:
        bench.offer()
    assert caught.value.code == "offer_of_private_data"
    assert bench.engine.sweeps.list_sweeps(by=CARLA) == []


ON_AN_OFFER = {
    "offer": lambda offers, id, by: offers.offer(id, by=by),
    "withdraw": lambda offers, id, by: offers.withdraw(id, by=by),
    "take": lambda offers, id, by: offers.take(id, by=by),
}


def test_every_method_that_names_an_offer_is_held_to_its_owner():
    assert {name for name, _ in inspect.getmembers(Offers, callable) if not name.startswith("_")} == set(ON_AN_OFFER)


@pytest.mark.parametrize("name", list(ON_AN_OFFER))
@pytest.mark.parametrize("visibility", list(Visibility))
def test_an_offer_of_anothers_is_left_alone_but_for_taking(bench, name, visibility):
    record = bench.offer(rates(2))
    bench.engine.sweeps.share(record.id, visibility, by=ANNA)
    for by in (BEN, Visitor("")):
        code = outcome(ON_AN_OFFER[name], bench.engine.offers, record.id, by)
        if visibility is Visibility.PRIVATE:
            assert code == "unknown_sweep"
        else:
            assert code == ("done" if name == "take" else "not_your_sweep")
    for by in (ANNA, CARLA):
        assert outcome(ON_AN_OFFER[name], bench.engine.offers, record.id, by) in ("done", "no_trial_open")
