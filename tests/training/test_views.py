import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.spec import RunSpec
from tl_core.training.views import RENEWAL_EPOCHS, cached_views, make_schedule, prefix_passes

TRAIN = np.arange(5, 500, 3)  # picture numbers are not rows
AUGMENTED = RunSpec(n_frozen=17, augment="light", epochs=20)


def shown(spec: RunSpec, epochs: range, train: np.ndarray = TRAIN) -> np.ndarray:
    """Returns the view of each picture in each epoch: (epochs, n)."""
    schedule = make_schedule(spec, train)
    return np.array([schedule.views(train, epoch) for epoch in epochs])


def test_a_rolling_cache_begins_with_the_first_view_of_every_picture():
    assert (shown(RunSpec(views="rolling"), range(1, 2)) == 1).all()


@given(st.integers(1, 40), st.integers(1, 300), st.integers(0, 5))
def test_in_any_ten_epochs_every_picture_is_renewed_exactly_once(first, n_train, seed):
    views = shown(RunSpec(views="rolling", seed=seed), range(first, first + 11), np.arange(n_train))
    changes = np.diff(views, axis=0)
    assert set(np.unique(changes)) <= {0, 1}
    assert (changes.sum(axis=0) == 1).all()


@given(st.integers(2, 40), st.integers(1, 300))
def test_each_epoch_renews_a_tenth_of_the_pictures_up_to_rounding(epoch, n_train):
    before, after = shown(RunSpec(views="rolling"), range(epoch - 1, epoch + 1), np.arange(n_train))
    assert abs((before != after).sum() - n_train / RENEWAL_EPOCHS) < 1


def test_which_pictures_are_renewed_first_is_drawn_from_the_seed():
    first, again, other = (shown(RunSpec(seed=seed), range(2, 3)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    renewed = TRAIN[first[0] == 2]
    assert not np.array_equal(renewed, TRAIN[: len(renewed)])


def test_fixed_views_take_turns():
    views = shown(RunSpec(views="fixed", n_views=3), range(1, 8))
    assert [set(row) for row in views.tolist()] == [{1}, {2}, {3}, {1}, {2}, {3}, {1}]


def test_fresh_views_are_new_in_every_epoch():
    views = shown(RunSpec(views="fresh"), range(1, 5))
    assert [set(row) for row in views.tolist()] == [{1}, {2}, {3}, {4}]


@pytest.mark.parametrize("kind", ["rolling", "fixed", "fresh"])
def test_the_parts_hold_every_picture_once_and_change_as_one(kind):
    schedule = make_schedule(RunSpec(views=kind, n_views=3), TRAIN)
    n_parts = len(schedule.part_views(1))
    members = [schedule.members([part]) for part in range(n_parts)]
    np.testing.assert_array_equal(np.sort(np.concatenate(members)), TRAIN)
    for epoch in (1, 2, 11, 30):
        for part, view in enumerate(schedule.part_views(epoch)):
            assert set(schedule.views(members[part], epoch).tolist()) == {view}


def test_a_picture_keeps_its_view_in_any_order_and_batch():
    schedule = make_schedule(RunSpec(), TRAIN)
    together = schedule.views(TRAIN, 7)
    np.testing.assert_array_equal(schedule.views(TRAIN[::-1], 7)[::-1], together)
    assert schedule.views(TRAIN[[4, 4]], 7).tolist() == [together[4], together[4]]


def computed(spec: RunSpec) -> float:
    """Counts the views that a run has the prefix compute, in passes over the training pictures."""
    views = shown(spec, range(1, spec.epochs + 1), np.arange(100))
    return len({(number, view) for row in views.tolist() for number, view in enumerate(row)}) / 100


@pytest.mark.parametrize("epochs", [1, 2, 5, 10, 11, 20, 25])
@pytest.mark.parametrize("changes", [{"views": "rolling"}, {"views": "fresh"}, {"views": "fixed", "n_views": 4}])
def test_the_passes_of_the_prefix_are_those_that_the_schedule_asks_for(epochs, changes):
    spec = AUGMENTED.with_changes(epochs=epochs, **changes)
    assert prefix_passes(spec) == pytest.approx(computed(spec))


def test_twenty_epochs_cost_so_many_passes():
    passes = {
        "none": prefix_passes(AUGMENTED.with_changes(augment="none")),
        "rolling": prefix_passes(AUGMENTED),
        "fixed 8": prefix_passes(AUGMENTED.with_changes(views="fixed", n_views=8)),
        "fresh": prefix_passes(AUGMENTED.with_changes(views="fresh")),
        "no cache": prefix_passes(AUGMENTED.with_changes(augment="none", use_cache=False)),
        "nothing frozen": prefix_passes(AUGMENTED.with_changes(n_frozen=0)),
    }
    assert passes == pytest.approx(
        {"none": 1, "rolling": 2.9, "fixed 8": 8, "fresh": 20, "no cache": 20, "nothing frozen": 0}
    )


def test_the_cache_must_hold_the_views_of_one_time():
    held = [
        cached_views(AUGMENTED.with_changes(augment="none")),
        cached_views(AUGMENTED),
        cached_views(AUGMENTED.with_changes(epochs=1)),
        cached_views(AUGMENTED.with_changes(views="fixed", n_views=4)),
        cached_views(AUGMENTED.with_changes(views="fixed", n_views=4, epochs=2)),
        cached_views(AUGMENTED.with_changes(views="fresh")),
    ]
    assert held == [1, 2, 1, 4, 2, 0]
