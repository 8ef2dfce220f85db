"""Who may do what with whose runs, in both stores; and that no method for people has been forgotten."""

import inspect
import random

import pytest

from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.limits import Limits, check_limits, limits, save_limits
from tl_core.store.records import RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore
from tl_core.store.store import RunStore

OWNER, OTHER, INSTRUCTOR = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
NOBODY = Visitor("")
PRIVATE, LINK, CLASS = Visibility

# what a person does to a run of Anna's; every method of the store that takes `by` and an id stands here
ON_A_RUN = {
    "find": lambda store, run, by: store.find(run.id, by=by),
    "permitted": lambda store, run, by: store.permitted(run.id, by=by),
    "rename": lambda store, run, by: store.rename(run.id, "new name", by=by),
    "share": lambda store, run, by: store.share(run.id, run.visibility, by=by),
    "pin": lambda store, run, by: store.pin(run.id, True, by=by),
    "delete": lambda store, run, by: store.delete(run.id, by=by),
}
LOOKS = {"find"}
FOR_EVERYBODY = {"list_runs"}
ON_THE_CLASS = {
    "name_owner": lambda store, by: store.name_owner("anna", "Anna", by=by),
    "save_setting": lambda store, by: store.save_setting("x", {"n": 1}, by=by),
}
# what only the engine calls: it speaks for the runs that it was given, whoever asked for them
ENGINES_OWN = {
    "create_run",
    "release",
    "find_equal",
    "copy_run",
    "fill_run",
    "set_threads",
    "lengthen",
    "link_twins",
    "start_run",
    "add_epoch",
    "finish_run",
    "complete_stop",
    "get",
    "epochs",
    "events",
    "n_bytes",
    "save_trace",
    "trace",
    "run_folder",
    "save_timing",
    "timing",
    "setting",
    "ensure_owner",
    "owners",
    "edit_owners",
    "n_by_state",
    "trouble",
    "recover",
    "close",
}


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    with SqliteStore(tmp_path) if request.param == "sqlite" else MemoryStore() as made:
        yield made


def new_run(store, owner="anna", visibility=PRIVATE, **more):
    run = store.create_run({"dataset": "groceries"}, role="run", name="run", environment={}, owner=owner, **more)
    return store.share(run.id, visibility, by=Visitor(owner)) if visibility is not PRIVATE else run


def finished_run(store, **more):
    run = new_run(store, **more)
    return store.finish_run(run.id, RunState.STOPPED)


def outcome(action, *args) -> str:
    try:
        action(*args)
    except TransferLabError as error:
        return error.code
    return "done"


def takes_by(method) -> bool:
    return "by" in inspect.signature(method).parameters


def test_every_method_of_the_store_is_known_to_be_for_people_or_for_the_engine():
    methods = {name: method for name, method in inspect.getmembers(RunStore, callable) if not name.startswith("_")}
    for_people = {*ON_A_RUN, *FOR_EVERYBODY, *ON_THE_CLASS}
    assert {name for name, method in methods.items() if takes_by(method)} == for_people
    assert set(methods) - for_people == ENGINES_OWN


@pytest.mark.parametrize("name", list(ON_A_RUN))
@pytest.mark.parametrize("visibility", list(Visibility))
def test_only_the_owner_and_the_instructor_change_a_run_and_a_private_one_is_unknown_to_all_others(
    store, name, visibility
):
    by_others = "unknown_run" if visibility is PRIVATE else "done" if name in LOOKS else "not_your_run"
    expected = {OWNER: "done", INSTRUCTOR: "done", OPERATOR: "done", OTHER: by_others, NOBODY: by_others}
    for by, code in expected.items():
        run = finished_run(store, visibility=visibility)
        before = store.get(run.id)
        assert outcome(ON_A_RUN[name], store, run, by) == code
        if code != "done":
            assert store.get(run.id) == before


@pytest.mark.parametrize(("name", "by_the_owner"), [("name_owner", "done"), ("save_setting", "instructor_only")])
def test_what_concerns_the_class_is_for_the_instructor(store, name, by_the_owner):
    for by, code in {OWNER: by_the_owner, OTHER: "instructor_only", NOBODY: "instructor_only"}.items():
        assert outcome(ON_THE_CLASS[name], store, by) == code
    assert outcome(ON_THE_CLASS[name], store, INSTRUCTOR) == "done"


def test_a_new_run_is_private(store):
    run = new_run(store)
    assert run.visibility is PRIVATE
    assert store.list_runs(by=OTHER) == []
    with pytest.raises(UnknownIdError):
        store.find(run.id, by=OTHER)


def test_a_refusal_of_a_private_run_is_the_same_as_that_of_none(store):
    run, refusals = new_run(store), []
    for received in (run.id, "0" * 32):
        with pytest.raises(UnknownIdError) as caught:
            store.find(received, by=OTHER)
        refusals.append({**caught.value.values, "received": ""})
    assert refusals[0] == refusals[1]


def test_a_run_shared_by_link_is_found_by_its_whole_id_and_stands_in_no_list(store):
    run = new_run(store, visibility=LINK)
    assert store.find(run.id, by=OTHER) == run
    assert store.list_runs(by=OTHER) == []
    for beginning in (run.id[:8], run.id[:31]):
        with pytest.raises(UnknownIdError):
            store.find(beginning, by=OTHER)
        assert store.find(beginning, by=OWNER) == run


def test_ten_thousand_guesses_find_nothing(store):
    new_run(store), new_run(store, visibility=LINK)
    chance = random.Random(0)
    guesses = [f"{chance.getrandbits(128):032x}"[: chance.choice((6, 8, 32))] for _ in range(10_000)]
    assert {outcome(lambda guess=guess: store.find(guess, by=OTHER)) for guess in guesses} == {"unknown_run"}


def test_runs_shared_with_the_class_are_in_everybodys_list(store):
    shared, own = new_run(store, visibility=CLASS), new_run(store, owner="ben")
    new_run(store)
    assert {run.id for run in store.list_runs(by=OTHER)} == {shared.id, own.id}
    assert [run.id for run in store.list_runs(by=OTHER, owner="ben")] == [own.id]
    assert [run.id for run in store.list_runs(by=OTHER, visibility=CLASS)] == [shared.id]


def test_the_instructor_and_the_engine_see_every_run(store):
    runs = [new_run(store, visibility=visibility) for visibility in Visibility]
    for seen in (store.list_runs(by=INSTRUCTOR), store.list_runs()):
        assert [run.id for run in seen] == [run.id for run in reversed(runs)]


def test_lists_for_a_visitor_can_be_searched_and_cut_like_any_other(store):
    own = [new_run(store, owner="ben") for _ in range(3)]
    new_run(store)
    assert store.list_runs(by=OTHER, limit=2, offset=1) == [own[1], own[0]]
    assert store.list_runs(by=OTHER, text="GROCER", states=[RunState.QUEUED]) == own[::-1]
    assert store.list_runs(by=OTHER, text="mnist") == []


def test_a_run_and_its_baseline_are_shared_together(store):
    run = new_run(store)
    twin = new_run(store, twin_id=run.id)
    store.share(run.id, CLASS, by=OWNER)
    assert store.get(twin.id).visibility is CLASS
    store.share(twin.id, PRIVATE, by=OWNER)
    assert store.get(run.id).visibility is PRIVATE


def test_the_twin_of_somebody_else_is_not_shared_along(store):
    run = new_run(store)
    twin = new_run(store, owner="ben", twin_id=run.id)
    store.share(run.id, CLASS, by=OWNER)
    assert store.get(twin.id).visibility is PRIVATE


def test_a_copy_belongs_to_who_asked_for_it_and_is_private(store):
    run = new_run(store, visibility=CLASS)
    store.start_run(run.id, frozen_params=0, trainable_params=1, is_cached=False)
    (store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"w")
    store.finish_run(run.id, RunState.COMPLETED)
    store.pin(run.id, True, by=OWNER)
    copy = store.copy_run(run.id, name="copy", owner="ben", role="run")
    assert (copy.owner, copy.visibility, copy.is_pinned) == ("ben", PRIVATE, False)


def test_what_happened_to_a_run_is_told_in_order(store):
    run = new_run(store)
    store.start_run(run.id, frozen_params=0, trainable_params=1, is_cached=False)
    store.rename(run.id, "other", by=OWNER)
    store.finish_run(run.id, RunState.STOPPED)
    store.start_run(run.id, frozen_params=0, trainable_params=1, is_cached=False)
    states = [RunState.QUEUED, RunState.RUNNING, RunState.STOPPED, RunState.RUNNING]
    assert [state for _, state in store.events(run.id)] == states
    times = [at for at, _ in store.events(run.id)]
    assert times == sorted(times)


def test_owners_are_counted_as_they_come_and_may_take_a_name(store):
    assert [store.ensure_owner(owner).seq for owner in ("anna", "ben", "anna")] == [1, 2, 1]
    store.name_owner("ben", "  Ben <b>  ", by=OTHER)
    assert [owner.name for owner in store.owners().values()] == [None, "Ben <b>"]
    with pytest.raises(InputError):
        store.name_owner("ben", "a\nb", by=OTHER)


class TestLimits:
    def test_without_a_choice_the_usual_limits_hold(self, store):
        assert limits(store) == Limits()

    def test_the_instructor_sets_them_for_all(self, store):
        save_limits(store, Limits(runs=3), by=INSTRUCTOR)
        assert limits(store) == Limits(runs=3)
        with pytest.raises(StoreError):
            save_limits(store, Limits(runs=9), by=OTHER)
        assert limits(store).runs == 3

    def test_what_was_noted_in_another_form_is_left_aside(self, store):
        store.save_setting("limits", {"weight": 7}, by=INSTRUCTOR)
        assert limits(store) == Limits()
        store.save_setting("limits", {"runs": -1}, by=INSTRUCTOR)
        assert limits(store) == Limits()

    @pytest.mark.parametrize("value", [0, -1, 10_001, 1.5, True, "7"])
    def test_a_limit_is_a_whole_number_from_1_to_10000(self, value):
        with pytest.raises(InputError) as caught:
            Limits(runs=value)
        assert caught.value.code == "bad_limit"

    def test_nobody_has_more_waiting_or_more_runs_than_allowed(self, store):
        save_limits(store, Limits(waiting=2, runs=3), by=INSTRUCTOR)
        check_limits(store, 2, by=OWNER)
        assert outcome(lambda: check_limits(store, 3, by=OWNER)) == "too_many_waiting"
        for _ in range(2):
            finished_run(store)
        assert outcome(lambda: check_limits(store, 2, by=OWNER)) == "too_many_runs"
        check_limits(store, 2, by=OTHER)
        check_limits(store, 20, by=INSTRUCTOR)

    def test_the_line_is_no_longer_than_allowed_from_one_address_and_in_all(self, store):
        save_limits(store, Limits(waiting_address=2, waiting_all=3), by=INSTRUCTOR)
        for owner in ("a", "b"):
            store.create_run({}, role="run", name="x", environment={}, owner=owner)
            store.ensure_owner(owner, "full")
        here, elsewhere = Visitor("anna", address="full"), Visitor("anna", address="free")
        assert outcome(lambda: check_limits(store, 1, by=here)) == "line_is_full"
        check_limits(store, 0, by=here)
        check_limits(store, 1, by=elsewhere)
        assert outcome(lambda: check_limits(store, 2, by=elsewhere)) == "line_is_full"
        check_limits(store, 2, by=INSTRUCTOR)

    def test_nobody_fills_the_disk(self, store):
        save_limits(store, Limits(disk_mb=1), by=INSTRUCTOR)
        folder = store.run_folder(new_run(store).id)
        (folder / "weights").write_bytes(bytes(990_000))
        (folder / "more").write_bytes(bytes(20_000))
        assert store.n_bytes("anna") == 1_010_000
        assert outcome(lambda: check_limits(store, 1, by=OWNER)) == "too_much_disk"
        check_limits(store, 1, by=OTHER)
