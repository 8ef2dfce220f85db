"""The cuts that benchmarks compare, and the exponent that they fit."""

import pytest

from tl_core.bench.growth import exponent
from tl_core.bench.settings import Settings
from tl_core.bench.specs import CUTS, spec_of
from tl_core.models.catalog import backbone_info


def test_each_cut_freezes_what_its_name_says():
    n_blocks = backbone_info("mobilenet_v2").n_blocks
    frozen = {cut: spec_of("mobilenet_v2", cut, Settings()).n_frozen for cut in CUTS}
    assert frozen == {
        "all": n_blocks,
        "last_block": n_blocks - 1,
        "last_two": n_blocks - 2,
        "half": n_blocks // 2,
        "none": 0,
        "scratch": 0,
    }


def test_only_scratch_starts_at_random_where_weights_are_at_hand(home):
    weights = {cut: spec_of("mobilenet_v2", cut, Settings()).weights for cut in CUTS}
    assert {cut for cut, kind in weights.items() if kind == "random"} == {"scratch"}
    assert spec_of("inception_v3", "all", Settings()).weights == "random"  # its weights would have to be downloaded


@pytest.mark.parametrize("power", [0.5, 1.0, 1.3])
def test_the_exponent_of_a_power_law_is_its_power(power):
    sizes = [500, 1000, 2000, 4000]
    assert exponent(sizes, [3e-3 * size**power for size in sizes]) == pytest.approx(power)
