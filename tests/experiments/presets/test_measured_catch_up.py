"""What the race of scratch against pretraining may say of the bundled digits, measured with real runs and seeds."""

import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS

pytestmark = pytest.mark.slow
CATCH_UP = PRESETS["catch-up"]


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    return Trainer(tmp_path_factory.mktemp("catch-up"))


@pytest.mark.full
def test_after_5_epochs_scratch_is_far_behind(trainer):
    pretrained, scratch = trainer.rows(CATCH_UP.sweep({}, 1), epochs=(5,))
    assert pretrained["test_accuracy"] - scratch["test_accuracy"] >= 0.30


@pytest.mark.full
def test_after_45_epochs_it_is_nearer_and_still_behind(trainer):
    rows = trainer.rows(CATCH_UP.sweep({}, CATCH_UP.n_seeds), epochs=(5, 45))
    answer = CATCH_UP.answer(rows)
    assert answer is not None
    assert (answer.code, answer.values["epochs"]) == ("catch_up_behind", 45)
    assert answer.values["difference"] >= 0.10
    assert CATCH_UP.verdict(rows) == "no"
