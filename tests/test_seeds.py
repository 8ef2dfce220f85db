import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tl_core.seeds import child_seed, generator

SEEDS = st.integers(0, 2**31 - 1)


@given(SEEDS, st.text())
def test_a_child_seed_is_one_that_every_library_accepts(seed, name):
    assert 0 <= child_seed(seed, name) < 2**31


def test_a_child_seed_stays_the_same_on_every_machine():
    first_31_bits = int(hashlib.sha256(b"7/order/3").hexdigest()[:8], 16) // 2
    assert child_seed(7, "order/3") == first_31_bits


def test_children_differ_by_name_and_by_seed():
    names = [f"view/{epoch}/{index}" for epoch in range(20) for index in range(50)]
    children = {child_seed(seed, name) for seed in range(10) for name in names}
    assert (
        len(children) == 10_000
    )  # 31 bits: a collision among ten thousand is unlikely (2 %), and these do not collide


def test_a_seed_and_its_name_cannot_be_confused():
    assert child_seed(1, "2/order") != child_seed(12, "order")


def test_a_generator_repeats_itself_and_ignores_the_global_seed():
    first = generator(3, "order/1").permutation(100)
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(generator(3, "order/1").permutation(100), first)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert not np.array_equal(generator(3, "order/2").permutation(100), first)
