"""Runs that were really trained, their programs, and what these say when they run where this project is not known."""

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from patience import PATIENCE_S

from tl_core.engine.environment import environment
from tl_core.engine.inline import train_here
from tl_core.export.formats import FORMATS, Source
from tl_core.spec import RunSpec
from tl_core.store.records import EpochRecord, RunRecord
from tl_core.store.sqlite.store import SqliteStore

KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG", "TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")


@dataclass(frozen=True)
class Trained:
    """A finished run: its record, its epochs, and what a program is written from."""

    record: RunRecord
    epochs: list[EpochRecord]
    source: Source

    def curve(self) -> np.ndarray:
        """Returns, an epoch a row, what the program's history.csv has."""
        names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
        return np.array([[getattr(epoch, name) for name in names] for epoch in self.epochs], float)


def train(home: Path, spec: RunSpec) -> Trained:
    """Trains a run in this process."""
    with SqliteStore(home) as store:
        record = store.create_run(spec.to_dict(), role="run", name="a run", environment=environment())
        train_here(store, home, record.id, spec, on_event=lambda event: None)
        record = store.get(record.id)
        assert record.state == "completed", record.error
        return Trained(record, store.epochs(record.id), Source(record, store.run_folder(record.id), home))


def unpacked(source: Source, folder: Path, kind: str = "script", **options: object) -> Path:
    """Writes a program and unpacks it; returns the folder."""
    from importlib import import_module

    target = folder / f"program{FORMATS[kind].ending}"
    import_module(f"tl_core.export.{kind}").write(source, target, **options)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder / kind)
    return folder / kind


def outside() -> dict[str, str]:
    """Returns an environment in which nothing says where this project lies."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


@dataclass(frozen=True)
class Ran:
    """What a program said. Attributes: its curve, as `Trained.curve`; loss and accuracy on the test pictures."""

    curve: np.ndarray
    test_loss: float
    test_accuracy: float


def run(folder: Path) -> Ran:
    """Runs a script in a process of its own, from elsewhere."""
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    command = [sys.executable, "-s", str(folder / "train.py")]
    done = subprocess.run(
        command, cwd=elsewhere, env=outside(), capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = re.search(r"test (?:loss ([\d.]+), )?accuracy ([\d.]+)", done.stdout)
    assert said is not None, done.stdout
    curve = np.loadtxt(folder / "history.csv", delimiter=",", skiprows=1, ndmin=2)
    return Ran(curve, float(said[1] or "nan"), float(said[2]))
