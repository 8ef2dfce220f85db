"""Who begins next: small cases by hand, then a simulated class of thirty."""

import random
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.engine.runs.fair_queue import FairQueue
from tl_core.engine.runs.origins import Origin


def line_of(*runs: str) -> FairQueue:
    """A line in which run "a1" belongs to "a"."""
    line = FairQueue()
    for run in runs:
        line.join(run, run[0])
    return line


def always(_: str) -> bool:
    return True


def test_the_runs_of_one_owner_begin_in_the_order_in_which_they_came():
    assert line_of("a1", "a2", "a3").order({}) == ["a1", "a2", "a3"]


def test_nobody_waits_for_the_second_run_of_another():
    assert line_of("a1", "a2", "b1", "a3", "c1").order({}) == ["a1", "b1", "c1", "a2", "a3"]


def test_who_has_fewer_runs_under_way_comes_first():
    line = line_of("a1", "b1", "c1")
    assert line.order({"a": 2, "b": 1}) == ["c1", "b1", "a1"]


def test_who_was_served_longest_ago_comes_first_when_nothing_is_under_way():
    line = line_of("a1", "b1", "a2", "b2", "c1")
    for run in ("a1", "b1"):
        line.begin(run)
    assert line.order({}) == ["c1", "a2", "b2"]


def test_what_was_served_is_forgotten_when_nobody_waits_any_more():
    line = line_of("a1")
    line.begin("a1")
    line.join("a2", "a")
    line.join("b1", "b")
    assert line.order({}) == ["a2", "b1"]


def test_what_may_not_begin_yet_is_passed_by_and_keeps_its_place():
    line = line_of("a1", "b1", "c1")
    assert line.first({}, lambda run: run != "a1") == "b1"
    line.begin("b1")
    assert line.first({"b": 1}, always) == "a1"


def test_a_run_that_leaves_makes_room_for_the_one_behind_it():
    line = line_of("a1", "b1")
    line.leave("a1")
    line.leave("nobody")
    assert ("a1" in line, "b1" in line, len(line)) == (False, True, 1)
    assert line.first({}, always) == "b1"


def test_an_empty_line_has_no_first():
    assert FairQueue().first({}, always) is None
    assert line_of("a1").first({}, lambda _: False) is None


@given(
    st.lists(st.sampled_from("abcde"), max_size=30),
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 3)),
    st.sampled_from([60, 2, 1]),
)
def test_the_order_is_that_in_which_the_line_empties_when_nothing_ends(owners, active, class_size):
    origin = {one: Origin("" if one in "ae" else "crowd", one in "bc", one != "d") for one in "abcde"}
    line = FairQueue(origin.__getitem__, lambda: class_size)
    for number, owner in enumerate(owners):
        line.join(f"{owner}{number}", owner)
    promised, seen, active = line.order(active), [], Counter(active)
    while (run := line.first(active, always)) is not None:
        line.begin(run)
        active[run[0]] += 1
        seen.append(run)
    assert seen == promised


# ---- a crowd ----

CLASS_SIZE = 60


def crowded(n_owners: int, *known: str) -> FairQueue:
    """A line with a run each of so many owners at one address; one who is called "classmate" is elsewhere."""
    line = FairQueue(lambda owner: Origin("elsewhere" if owner == "classmate" else "crowd", owner in known))
    for number in range(n_owners):
        line.join(f"run {number}", f"owner {number}")
    return line


def test_a_class_at_one_address_takes_turns_one_by_one():
    line = crowded(CLASS_SIZE)
    line.join("mine", "classmate")
    assert line.order({}).index("mine") == CLASS_SIZE


def test_more_than_a_class_at_one_address_takes_turns_as_one():
    line = crowded(CLASS_SIZE + 1)
    for run in ("mine", "mine too"):
        line.join(run, "classmate")
    assert line.order({})[:4] == ["run 0", "mine", "run 1", "mine too"]
    line.begin("run 0")
    assert line.order({"owner 0": 1})[:2] == ["mine", "run 1"]


def test_a_crowd_stays_one_until_none_of_it_waits():
    line = crowded(CLASS_SIZE + 1)
    for number in range(CLASS_SIZE - 1):
        line.begin(f"run {number}")
    line.join("mine", "classmate")
    assert line.order({})[0] == "mine"
    for number in (CLASS_SIZE - 1, CLASS_SIZE):
        line.leave(f"run {number}")
    for number in (1, 2):
        line.join(f"again {number}", f"owner {number}")
    assert line.order({}) == ["mine", "again 1", "again 2"]


def test_in_a_crowd_those_whom_one_knows_wait_for_one_stranger_before_each_of_their_own():
    line = crowded(CLASS_SIZE + 1, "pupil", "other pupil")
    for owner in ("pupil", "other pupil"):
        line.join(f"of {owner}", owner)
    assert line.order({})[:5] == ["run 0", "of pupil", "run 1", "of other pupil", "run 2"]
    assert line.order({"owner 7": 1})[:2] == ["of pupil", "run 0"]


def test_those_without_a_cookie_take_turns_as_one_also_beside_a_class_at_their_address():
    line = FairQueue(lambda owner: Origin("here", has_cookie=owner != "nobody"[: len(owner)]))
    for owner in ("n", "no", "nob", "anna", "ben"):
        line.join(f"of {owner}", owner)
    assert line.order({}) == ["of n", "of anna", "of ben", "of no", "of nob"]
    line.begin("of n")
    assert line.order({"n": 1}) == ["of anna", "of ben", "of no", "of nob"]


def test_how_many_are_a_class_may_be_said_while_they_wait():
    sizes = [CLASS_SIZE]
    line = FairQueue(lambda owner: Origin(owner[:1]), lambda: sizes[0])
    for run in ("a1", "a2", "b1"):
        line.join(run, run)
    assert line.order({}) == ["a1", "a2", "b1"]
    sizes[0] = 1
    assert line.order({}) == ["a1", "b1", "a2"]


# ---- a class ----


class Class:
    """Students who click one after the other, each for a run and its baseline, on a machine with a few slots.

    A baseline may begin once its run has steps, which takes a while; a run lasts a random time.
    """

    def __init__(self, n_students: int, n_slots: int, seed: int) -> None:
        self.chance, self.line, self.now, self.n_slots = random.Random(seed), FairQueue(), 0, n_slots
        self.clicks = deque(sorted((self.chance.randrange(40), student) for student in range(n_students)))
        self.begun: dict[tuple[int, str], int] = {}
        self.ends: dict[tuple[int, str], int] = {}
        self.began_before: list[tuple[tuple[int, str], set[int]]] = []  # a run, and who waited for a first one then

    def active(self) -> Counter:
        return Counter(run[0] for run, end in self.ends.items() if end > self.now)

    def may_begin(self, run: tuple[int, str]) -> bool:
        student, role = run
        return role == "run" or self.begun.get((student, "run"), self.now) + 2 <= self.now

    def tick(self) -> None:
        while self.clicks and self.clicks[0][0] <= self.now:
            student = self.clicks.popleft()[1]
            for role in ("run", "baseline"):
                self.line.join((student, role), student)
        while self.active().total() < self.n_slots:
            run = self.line.first(self.active(), self.may_begin)
            if run is None:
                break
            self.line.begin(run)
            waiting = {student for student, role in self.line.order({}) if role == "run"}
            self.began_before.append((run, waiting))
            self.begun[run], self.ends[run] = self.now, self.now + self.chance.randint(3, 30)
        self.now += 1

    def play(self) -> "Class":
        while self.clicks or len(self.line) or self.active():
            self.tick()
            assert self.now < 5000, "somebody waits for ever"
        return self


@pytest.mark.parametrize("n_slots", [1, 2, 4, 8, 60])
@pytest.mark.parametrize("seed", range(5))
def test_a_class_of_thirty_is_served_to_the_last_baseline(n_slots, seed):
    played = Class(30, n_slots, seed).play()
    assert len(played.begun) == 60
    assert all(played.begun[student, "run"] + 2 <= played.begun[student, "baseline"] for student in range(30))


@pytest.mark.parametrize("n_slots", [1, 2, 4, 8])
@pytest.mark.parametrize("seed", range(5))
def test_in_a_class_of_thirty_nobody_waits_for_the_second_run_of_another(n_slots, seed):
    for (_, role), waiting in Class(30, n_slots, seed).play().began_before:
        assert role == "run" or not waiting


@pytest.mark.parametrize("seed", range(5))
def test_in_a_class_of_thirty_first_runs_begin_in_the_order_of_the_clicks(seed):
    played = Class(30, 2, seed)
    clicked = [student for _, student in played.clicks]
    played.play()
    assert [student for (student, role) in played.begun if role == "run"] == clicked


def test_trials_of_a_sweep_let_all_other_runs_of_their_owner_go_first_and_change_no_turn_of_others():
    line = FairQueue()
    for name in ("t1", "t2"):
        line.join(name, "anna", is_trial=True)
    line.join("own", "anna")
    line.join("bens", "ben")
    assert line.order({}) == ["own", "bens", "t1", "t2"]
    line.begin("own")
    assert line.order({"anna": 1}) == ["bens", "t1", "t2"]
    line.leave("t1")
    line.join("t1", "anna")  # no trial any more
    assert line.order({"anna": 1, "ben": 1}) == ["bens", "t1", "t2"]
