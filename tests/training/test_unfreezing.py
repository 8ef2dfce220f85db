import pytest

from tl_core.spec import RunSpec
from tl_core.training.unfreezing import ULMFIT_FACTOR, first_epochs, share_of_rate, waiting

SPEC = RunSpec(n_frozen=2, frozen_blocks="5")


@pytest.mark.parametrize(
    ("every", "expected"),
    [(0, [None, None, 1, 1, None, 1, 1]), (1, [None, None, 4, 3, None, 2, 1]), (3, [None, None, 10, 7, None, 4, 1])],
)
def test_blocks_come_one_by_one_from_the_last_toward_the_cut_and_frozen_ones_never(every, expected):
    assert first_epochs(SPEC.with_changes(unfreeze_every=every), 7) == expected


def test_a_block_waits_until_its_epoch():
    spec = SPEC.with_changes(unfreeze_every=2)
    assert [sorted(waiting(spec, 7, epoch)) for epoch in range(1, 8)] == [
        [2, 3, 5],
        [2, 3, 5],
        [2, 3],
        [2, 3],
        [2],
        [2],
        [],
    ]
    assert waiting(SPEC, 7, 1) == frozenset()


def test_each_block_is_slower_by_the_factor_than_the_one_after_it():
    spec = SPEC.with_changes(block_rate_factor=ULMFIT_FACTOR)
    assert share_of_rate(spec, 6, 7) == pytest.approx(1 / 2.6)
    assert share_of_rate(spec, 4, 7) == pytest.approx(1 / 2.6**3)
    assert share_of_rate(SPEC, 0, 7) == 1.0
