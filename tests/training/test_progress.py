import json
import math
from dataclasses import asdict

from tl_core.training.progress import TrainerState


def closed(*epochs: tuple[float, float]) -> tuple[TrainerState, list[bool]]:
    progress = TrainerState()
    return progress, [progress.close_epoch(accuracy, loss) for accuracy, loss in epochs]


def test_better_is_a_higher_accuracy_whatever_the_loss():
    progress, is_best = closed((0.5, 1.0), (0.6, 9.0), (0.55, 0.1))
    assert is_best == [True, True, False]
    assert (progress.best_epoch, progress.best_accuracy, progress.best_loss) == (2, 0.6, 9.0)


def test_between_equal_accuracies_the_lower_loss_is_better_and_of_equal_epochs_the_first_stays():
    progress, is_best = closed((0.5, 1.0), (0.5, 0.9), (0.5, 0.9), (0.5, 0.95))
    assert is_best == [True, True, False, False]
    assert progress.best_epoch == 2


def test_epochs_without_progress_are_counted_from_the_best():
    progress, _ = closed((0.5, 1.0), (0.4, 1.0), (0.4, 1.0))
    assert (progress.epoch, progress.n_worse) == (3, 2)
    progress.close_epoch(0.7, 1.0)
    assert progress.n_worse == 0


def test_the_next_phase_keeps_what_is_to_be_beaten_and_has_patience_anew():
    progress, _ = closed((0.5, 1.0), (0.4, 1.0))
    progress.next_phase()
    assert (progress.phase, progress.epoch, progress.phase_epoch, progress.n_worse) == (2, 2, 0, 0)
    assert not progress.close_epoch(0.45, 1.0)
    assert (progress.best_epoch, progress.phase_epoch, progress.n_worse) == (1, 1, 1)


def test_the_first_epoch_is_the_best_even_with_nothing_right():
    progress, is_best = closed((0.0, 50.0))
    assert is_best == [True]
    assert progress.best_epoch == 1


def test_progress_survives_json_also_before_the_first_epoch():
    for progress in (TrainerState(), closed((0.5, 1.0))[0]):
        assert TrainerState(**json.loads(json.dumps(asdict(progress)))) == progress
    assert math.isinf(TrainerState().best_loss)
