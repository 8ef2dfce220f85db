"""Who trains, who validates, who tests. Row ids (Z12 …) number the known attacks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from counted import NO_FASTER, growth, lines_run
from hypothesis import given, settings
from hypothesis import strategies as st

from tl_core.datasets.own.splits import TEST, TRAIN, UNKNOWN, VALIDATION, assign_splits, lacking_classes, together

ALL = {TRAIN, VALIDATION, TEST}


@dataclass(frozen=True)
class Case:
    """Pictures as they may come: each group of twins with its classes, and perhaps the split that a folder gave."""

    labels: list[int]
    twins: list[int]
    given: list[int]

    @property
    def shas(self) -> list[str]:
        return [f"picture {at} of {twin}" for at, twin in enumerate(self.twins)]

    def split(self, seed: int = 0, complete: Sequence[int] = ()) -> np.ndarray:
        return assign_splits(self.labels, self.shas, self.twins, self.given, seed, complete)


def of_groups(groups: list[tuple[list[int], int]]) -> Case:
    """Returns the case of these groups: the class of each member, and the split given to all of them."""
    rows = [(label, twin, split) for twin, (labels, split) in enumerate(groups) for label in labels]
    return Case(*(list(column) for column in zip(*rows, strict=True)))


def classes(*sizes: int) -> Case:
    """Returns classes of so many pictures, none of which is another's twin."""
    return of_groups([([label], UNKNOWN) for label, n in enumerate(sizes) for _ in range(n)])


GROUPS = st.lists(
    st.tuples(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.just(UNKNOWN)), min_size=1, max_size=40
)
PARTLY_GIVEN = st.lists(
    st.tuples(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.sampled_from([UNKNOWN, TRAIN, VALIDATION, TEST])),
    min_size=1,
    max_size=40,
)


def own_groups(case: Case) -> Counter:
    """Returns how many groups each class has that hold nothing else: its independent pictures."""
    held: dict[int, set[int]] = {}
    for label, twin in zip(case.labels, case.twins, strict=True):
        held.setdefault(twin, set()).add(label)
    return Counter(next(iter(labels)) for labels in held.values() if len(labels) == 1)


def splits_of(case: Case, splits: np.ndarray, label: int) -> set[int]:
    return set(splits[np.array(case.labels) == label].tolist())


class TestWhateverComes:
    @settings(max_examples=120)
    @given(GROUPS, st.integers(0, 5))
    def test_no_twins_are_parted_and_three_independent_pictures_are_in_all_three(self, groups, seed):  # Z12
        case = of_groups(groups)
        splits = case.split(seed)
        assert set(splits.tolist()) <= ALL
        assert len(set(zip(case.twins, splits.tolist(), strict=True))) == len(set(case.twins))
        for label, n in own_groups(case).items():
            if n >= 3:
                assert splits_of(case, splits, label) == ALL

    @settings(max_examples=120)
    @given(PARTLY_GIVEN, st.sets(st.sampled_from([VALIDATION, TEST])), st.integers(0, 5))
    def test_a_given_split_is_kept_and_no_twins_are_parted(self, groups, complete, seed):  # Z12
        case = of_groups(groups)
        splits, told = case.split(seed, tuple(complete)), np.array(case.given)
        assert set(splits.tolist()) <= ALL
        assert len(set(zip(case.twins, splits.tolist(), strict=True))) == len(set(case.twins))
        assert (splits[told > TRAIN] == told[told > TRAIN]).all()
        if UNKNOWN in case.given or len(complete) == 2:
            assert (splits[told == TRAIN] == TRAIN).all()
        for split in complete:
            assert set(np.flatnonzero(splits == split)) == set(np.flatnonzero(told == split))

    @settings(max_examples=120)
    @given(GROUPS, st.randoms(use_true_random=False))
    def test_neither_the_order_nor_the_names_of_classes_decide(self, groups, chance):
        case = of_groups(groups)
        splits = case.split()
        order, called = list(range(len(case.labels))), list(range(5))
        chance.shuffle(order), chance.shuffle(called)
        told = [[column[at] for at in order] for column in (case.labels, case.shas, case.twins, case.given)]
        told[0] = [called[label] for label in told[0]]
        told[2] = [100 - twin for twin in told[2]]
        assert assign_splits(*told, 0).tolist() == [splits[at] for at in order]


class TestShares:
    def test_about_70_15_and_15_percent_of_every_class(self):
        case = classes(100, 20, 1000, 7)
        splits = case.split()
        for label, counts in enumerate([(70, 15, 15), (14, 3, 3), (700, 150, 150), (5, 1, 1)]):
            found = np.bincount(splits[np.array(case.labels) == label], minlength=3)
            assert tuple(found.tolist()) == counts

    def test_a_class_of_one_picture_only_trains(self):  # Z08
        case = classes(1, 30)
        assert splits_of(case, case.split(), 0) == {TRAIN}

    def test_of_classes_of_two_every_other_one_tests_and_every_other_validates(self):
        case = classes(2, 2, 2, 2)
        splits = case.split()
        second = [splits_of(case, splits, label) - {TRAIN} for label in range(4)]
        assert all(TRAIN in splits_of(case, splits, label) for label in range(4))
        assert sorted(map(tuple, second)) == [(VALIDATION,), (VALIDATION,), (TEST,), (TEST,)]

    def test_a_class_whose_pictures_are_all_twins_only_trains(self):
        case = of_groups([([0] * 9, UNKNOWN), *[([1], UNKNOWN)] * 9])
        assert splits_of(case, case.split(), 0) == {TRAIN}

    def test_two_small_groups_do_not_both_go_into_the_test(self):
        case = of_groups([([0], UNKNOWN), ([0], UNKNOWN), ([0] * 13, UNKNOWN)])
        assert splits_of(case, case.split(), 0) == ALL

    def test_a_missing_part_is_made_from_the_training_part(self):  # Z08
        case = of_groups([*[([0], TRAIN)] * 40, *[([1], TRAIN)] * 40, *[([0], TEST)] * 7, *[([1], TEST)] * 7])
        splits, told = case.split(complete=(TEST,)), np.array(case.given)
        assert (splits[told == TEST] == TEST).all()
        assert Counter(splits[told == TRAIN].tolist()) == {TRAIN: 66, VALIDATION: 14}
        assert splits_of(case, splits, 0) == splits_of(case, splits, 1) == ALL

    def test_what_is_complete_takes_no_more(self):
        case = of_groups([*[([0], TRAIN)] * 20, ([0], VALIDATION), ([0], TEST)])
        assert case.split(complete=(VALIDATION, TEST)).tolist() == case.given

    def test_a_new_picture_stands_beside_its_twin(self):
        case = Case([0] * 8, [0, 1, 2, 3, 4, 5, 6, 0], [TEST, *[TRAIN] * 5, VALIDATION, UNKNOWN])
        assert case.split().tolist() == [*case.given[:7], TEST]

    def test_a_new_twin_opens_no_training_part_again(self):
        case = Case([0] * 9, [*range(8), 0], [*[TRAIN] * 8, UNKNOWN])
        assert case.split().tolist() == [TRAIN] * 9


class TestSeeds:
    def test_the_same_seed_is_the_same_split_and_another_is_another(self):
        case = classes(30, 30)
        assert case.split(1).tolist() == case.split(1).tolist()
        assert len({tuple(case.split(seed).tolist()) for seed in range(20)}) == 20

    def test_every_picture_is_tested_under_some_seed(self):
        case = classes(12)
        assert np.any([case.split(seed) == TEST for seed in range(200)], axis=0).all()

    def test_one_more_picture_moves_few_others(self):
        case, more = classes(200), classes(201)
        assert np.count_nonzero(case.split() != more.split()[:200]) <= 2


def test_many_pictures_are_split_with_as_much_work_for_each_as_few():
    def cost(n: int) -> int:
        case, splits = Case([at % 10 for at in range(n)], list(range(n)), [UNKNOWN] * n), []
        n_lines = lines_run(lambda: splits.extend(case.split()))
        assert np.bincount(splits).tolist() == [7 * n // 10, 15 * n // 100, 15 * n // 100]
        return n_lines

    assert growth(cost, 1000) < NO_FASTER


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["", "anna", "ben", "film"])), max_size=30))
def test_what_shares_a_near_duplicate_or_a_group_stays_together_and_nothing_else_does(rows):
    twins, names = [twin for twin, _ in rows], [name for _, name in rows]
    found = together(twins, names).tolist()
    expected = list(range(len(rows)))
    for _ in rows:
        for at, (twin, name) in enumerate(rows):
            near = [k for k, (t, g) in enumerate(rows) if t == twin or (name and g == name)]
            expected[at] = min(expected[k] for k in near)
    pairs = list(zip(found, expected, strict=True))
    assert len(set(pairs)) == len(set(found)) == len(set(expected))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.sampled_from("abcdefgh")), max_size=60))
def test_no_group_and_no_near_duplicates_are_in_two_splits(rows):
    labels, twins, names = ([row[at] for row in rows] for at in range(3))
    group = together(twins, names)
    shas = [f"{at:02d}" for at in range(len(rows))]
    splits = assign_splits(labels, shas, group, [UNKNOWN] * len(rows), 0)
    for column in (twins, names):
        for value in set(column):
            assert len({split for split, one in zip(splits.tolist(), column, strict=True) if one == value}) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([TRAIN, VALIDATION, TEST])), min_size=1))
def test_a_class_that_a_given_split_lacks_is_named(rows):
    names, splits = [name for name, _ in rows], [split for _, split in rows]
    found = dict(lacking_classes(names, splits, {TRAIN, TEST}))
    for split, word in ((TRAIN, "train"), (TEST, "test")):
        there = {name for name, one in rows if one == split}
        assert set(found.get(word, ())) == (set(names) - there if there else set())
    assert "validation" not in found
