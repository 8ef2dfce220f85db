"""Finished runs to be taken along: really trained where a file predicts, written down where only the record counts."""

import zipfile
from contextlib import closing
from pathlib import Path

from tl_core.engine.inline import train_here
from tl_core.evaluation.scores import score
from tl_core.export.formats import Source
from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

TINY = RunSpec(dataset="mnist-small", backbone="squeezenet", image_size=64, n_frozen=9, per_class=5, epochs=2, seed=3)


def trained(home: Path, spec: RunSpec = TINY) -> Source:
    """Trains a run, here and now."""
    with closing(SqliteStore(home)) as store:
        record = store.create_run(spec.to_dict(), role="run", name="tiny", environment={})
        assert train_here(store, home, record.id, spec, on_event=lambda event: None).state == "completed"
        return Source.of(store, store.get(record.id), home, "en")


def epochs(n: int = 3) -> tuple[EpochRecord, ...]:
    """Epochs of a run whose accuracy grows and whose first validation is missing."""
    rows = []
    for at in range(1, n + 1):
        validation = (None, None) if at == 1 else (2 / at, at / 20)
        rows.append(EpochRecord(at, 1 / at, at / 10, *validation, 2.0, 2.0 * at, 4 * at, 128 * at, is_best=True))
    return tuple(rows)


def written(home: Path, labels, predicted, n_classes: int, **more: object) -> Source:
    """A run of which there is only the record."""
    import numpy as np

    spec = more.pop("spec", TINY)
    scores = score(np.eye(n_classes)[predicted], np.asarray(labels), np.asarray(labels))
    about = {"id": "0123456789abcdef" * 2, "seq": 1, "name": "my run", "role": "run", "twin_id": None, "owner": "anna"}
    about |= {"state": RunState.COMPLETED, "spec": spec.to_dict(), "environment": {"versions": {"keras": "3.15"}}}
    about |= {"created_at": "2026-11-27T10:00:00.000+00:00", "ended_at": "2026-11-27T10:01:00.000+00:00"}
    about |= {"best_epoch": 3, "scores": scores, "test_accuracy": scores["accuracy"], "seconds": 6.0}
    about["environment"] |= {"python": "3.11"} | more.pop("environment", {})
    language, twin = more.pop("language", "en"), more.pop("twin", None)
    record = RunRecord(**about | more)
    return Source(record, home / "runs" / record.id, home, epochs(), twin, language)


def members(path: Path) -> dict[str, bytes]:
    """Returns what is in a ZIP."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
