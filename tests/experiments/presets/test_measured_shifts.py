"""What head first is worth on shifted pictures, measured with real runs and fixed seeds."""

import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.shifted import FIRST, compared, shift_answers

pytestmark = pytest.mark.slow


@pytest.mark.full
def test_head_first_is_clearly_ahead_on_familiar_pictures_and_noise_is_not_claimed_for_others(tmp_path):
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.shifted import KINDS, run
    from tl_core.engine.worker.tasks.train import TrainingTask

    kept, asked, rows = Kept.empty(tmp_path), [], []
    for trial in PRESETS["rates"].sweep({}, 3).trials():
        if trial.factors["learning_rate"] == FIRST:
            folder = tmp_path / "runs" / str(len(asked))
            folder.mkdir(parents=True)
            *_, ended = TrainingTask(trial.spec, tmp_path, folder, warm=kept.warm).run()
            assert ended.state == "completed"
            asked.append({"id": folder.name, "spec": trial.spec.to_dict()})
            rows.append({**trial.factors, "test_accuracy": ended.scores["accuracy"]})
    scores = finished(run(kept, runs=asked, parameters={}))["scores"]
    found = compared(list(zip(rows, scores, strict=True)), KINDS)
    assert found["clean"].mean >= 0.10
    assert found["blur"].mean >= 0.08
    for kind, said in zip(found, shift_answers(found, FIRST), strict=True):
        is_clear = found[kind].outcome != "within_noise"
        assert said.code.endswith("_noise") != is_clear
