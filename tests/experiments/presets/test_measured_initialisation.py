"""What the starts of a network may claim of the bundled pictures, measured with real runs and fixed seeds."""

import numpy as np
import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import scores

STARTS = PRESETS["initialisation"]


@pytest.mark.full
@pytest.mark.slow
def test_the_first_half_of_the_blocks_is_far_ahead_of_random_ones(tmp_path):
    rows = Trainer(tmp_path).rows(STARTS.sweep({}, STARTS.n_seeds))
    mean = {start: np.mean(list(known.values())) for start, known in scores(rows, "start").items()}
    assert mean["first"] - mean["random"] >= 0.20
    assert mean["pretrained"] - mean["random"] >= 0.20
    answer = STARTS.answer(rows)
    assert answer is not None
    assert [one.code for one in (answer, *answer.more)] == ["start_better", "start_better", "start_scale"]
