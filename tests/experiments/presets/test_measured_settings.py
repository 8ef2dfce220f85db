"""What may be said of the settings that are changed one at a time, measured with real runs and fixed seeds."""

import pytest

from tests.experiments.presets.trained import Trainer
from tl_core.experiments.presets import PRESETS

pytestmark = pytest.mark.slow
SETTINGS = PRESETS["settings"]


@pytest.mark.full
def test_sgd_at_its_usual_rates_tunes_worse_than_adam(tmp_path):
    rows = Trainer(tmp_path).rows(SETTINGS.sweep({}, SETTINGS.n_seeds), arm=("usual", "sgd"))
    answer = SETTINGS.answer(rows)
    assert answer is not None
    assert (answer.code, answer.values["setting"]) == ("setting_worse", "sgd")
    assert answer.values["difference"] >= 0.04
    assert SETTINGS.verdict(rows) == "optimiser"
