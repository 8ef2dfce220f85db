"""The norms of gradients stay with the epochs: in the database, and in what survives its loss."""

import math

from tl_core.store.records import EpochRecord
from tl_core.store.sqlite.store import SqliteStore


def epoch(number: int, norms: list | None) -> EpochRecord:
    measured = {"train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    counts = {"seconds": 1.0, "elapsed_s": float(number), "step": number, "images": 32 * number}
    return EpochRecord(number, **measured, **counts, is_best=True, gradient_norms=norms)


def test_they_survive_a_restart_and_the_loss_of_the_database(tmp_path):
    with SqliteStore(tmp_path) as store:
        run = store.create_run({"seed": 1}, role="run", name="a", owner="local", environment={})
        store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=True)
        store.add_epoch(run.id, epoch(1, [None, 0.25, math.inf]))
        store.add_epoch(run.id, epoch(2, None))
    expected = [[None, 0.25, None], None]
    with SqliteStore(tmp_path) as store:
        assert [one.gradient_norms for one in store.epochs(run.id)] == expected
    for file in tmp_path.glob("runs.sqlite*"):
        file.unlink()
    with SqliteStore(tmp_path) as store:
        assert [one.gradient_norms for one in store.epochs(run.id)] == expected
