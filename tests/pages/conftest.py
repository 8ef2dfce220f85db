"""Pages without a browser and without Keras: a worker that answers at once, and a store with runs of every kind."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tl_core.datasets.catalog import dataset_info
from tl_core.engine import singleton
from tl_core.engine.recorder import Recorder
from tl_core.engine.service import Engine
from tl_core.evaluation.scores import score
from tl_core.experiments.plans import baseline_of, plan_run
from tl_core.spec import RunSpec
from tl_core.store.sqlite import SqliteStore

APP = Path(__file__).resolve().parents[2] / "app.py"


class AnsweringWorker:
    """Classifies everything as the first class, measures half a second a step, and keeps what it was sent."""

    def __init__(self, home, on_message, on_exit) -> None:
        self._say, self.sent = on_message, []
        self._say({"say": "ready", "device": "CPU"})

    def send(self, message: dict) -> None:
        self.sent.append(message)
        if message["do"] == "classify":
            n_classes = 1000 if message["subject"].startswith("backbone:") else 14
            value = [[0.75, *[0.25 / (n_classes - 1)] * (n_classes - 1)]]
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})
        elif message["do"] == "measure":
            value = {"prefix_s": 0.01, "step_s": 0.5, "eval_s": 0.1, "batch_size": 32, "is_bound": False}
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})

    def close(self) -> None:
        """Nothing to end."""


def record_finished(
    store: SqliteStore, spec: RunSpec, share_right: float, *, role: str, name: str, twin_id: str | None = None
) -> str:
    """Writes a completed run through the same recorder that real ones use; returns its id."""
    record = store.create_run(spec.to_dict(), role=role, name=name, environment={}, twin_id=twin_id)
    recorder = Recorder(store, record.id, spec)
    recorder.record(
        {
            "event": "started",
            "frozen_params": 100,
            "trainable_params": 10,
            "is_cached": True,
            "n_train": 64,
            "n_steps": 4,
            "device": "CPU",
        }
    )
    for step in range(1, 5):
        recorder.record(
            {
                "event": "step",
                "step": step,
                "epoch": (step + 1) // 2,
                "train_loss": 1 / step,
                "train_accuracy": 0.2 * step,
                "elapsed_s": float(step),
                "images": 32 * step,
            }
        )
        if step % 2 == 0:
            recorder.record(
                {
                    "event": "epoch",
                    "epoch": step // 2,
                    "train_loss": 1 / step,
                    "train_accuracy": 0.2 * step,
                    "val_loss": 1 / step,
                    "val_accuracy": share_right,
                    "seconds": 2.0,
                    "elapsed_s": float(step),
                    "step": step,
                    "images": 32 * step,
                    "is_best": True,
                }
            )
    labels = np.arange(200) % 14
    predicted = np.where(np.arange(200) < 200 * share_right, labels, (labels + 1) % 14)
    proof = [{"block": "stem", "frozen": True, "before": "aa", "after": "aa", "changed": False, "as_expected": True}]
    recorder.record(
        {
            "event": "ended",
            "state": "completed",
            "best_epoch": 2,
            "seconds": 4.0,
            "proof": proof,
            "error": None,
            "scores": score(np.eye(14)[predicted], labels),
        }
    )
    return record.id


@pytest.fixture
def engine(home):
    """An engine of the test's own, in the place of the process's."""
    made = Engine(SqliteStore(home), home, AnsweringWorker)
    singleton.replace(made)
    yield made
    singleton.replace(None)
    made.close()


@pytest.fixture
def pair(engine) -> tuple[str, str]:
    """A finished run (80 % right) and its baseline (30 % right)."""
    spec = plan_run({})
    run = record_finished(engine.store, spec, 0.8, role="run", name="**bold** <b>run</b>")
    baseline = record_finished(engine.store, baseline_of(spec), 0.3, role="baseline", name="baseline", twin_id=run)
    assert dataset_info(spec.dataset).classes[0] == "Anjou"
    return run, baseline


@pytest.fixture
def visit(engine):
    """Opens a page as a visitor would: visit("classify", "zh", run=…)."""

    def open_page(name: str = "lab", language: str = "en", **query: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=30)
        app.query_params["lang"] = language
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        return app if name == "lab" else app.switch_page(f"pages/steps/{name}.py").run()

    return open_page
