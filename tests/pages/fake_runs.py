"""A worker that answers at once and trains only when told what happened, and runs written as real ones are."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.runs import reuse
from tl_core.engine.runs.recorder import Recorder
from tl_core.evaluation.insight.explanations import told
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, save_outputs
from tl_core.evaluation.scores import score
from tl_core.spec import RunSpec
from tl_core.store.sqlite.store import SqliteStore
from tl_core.training.events import Ended, Event


def explained(parameters: Mapping, run: str = "") -> dict:
    """Returns a map of a network that looks at the top left and answers the first class."""
    method, target = parameters.get("method", "gradcam"), parameters["target"]
    logits = np.array([3.0, *[0.0] * 13])
    signed = np.pad([[0.5]], (0, 4))
    channels = None if method == "occlusion" else np.array([0.0, 3.0, 1.0])
    block = parameters["block"] or "fire9"
    said = told(signed, logits, target or 0, method=method, block=block, channels=channels)
    return {"run": run} | said if run else said


def checked_by_random_weights(message: Mapping) -> dict:
    """Returns a check that the first run passes, and all others fail."""
    ids = [run["id"] for run in message["runs"]]
    values = {run: 0.1 if run == ids[0] else 0.9 for run in ids}
    rows = [
        {"run": run, "n": n, "randomised": part, "rank_correlation": value, "low": value - 0.1, "high": value + 0.1}
        for run, value in values.items()
        for n, part in enumerate(("head", "fire9"), 1)
    ]
    map_ = explained(message["parameters"])
    return {"stages": rows, "maps": [{"run": run, "trained": map_, "random": map_} for run in ids]}


def advised(message: Mapping) -> dict:
    """Returns scores that rank runs in the order in which they are asked."""
    n = len(message["runs"])
    scores = (
        {"run": run["id"], "knn": (n - at) / n, "svm": 0.5, "logme": -at} for at, run in enumerate(message["runs"])
    )
    return {"scores": list(scores), "n": 500}


def shifted(message: Mapping) -> dict:
    """Returns scores of shifted pictures on which all runs are equal, and of others on which two phases are better."""
    found = []
    for run in message["runs"]:
        clean = (0.6 if run["spec"]["phases"] == 2 else 0.3) + 0.01 * run["spec"]["seed"] * run["spec"]["phases"]
        found.append({"run": run["id"], "clean": clean, **dict.fromkeys(("blur", "noise", "grey", "hue"), 0.4)})
    return {"scores": found, "n": 500}


ANSWERS = MappingProxyType(
    {
        "advice": advised,
        "shifted": shifted,
        "explain": lambda asked: {"maps": [explained(asked["parameters"], run["id"]) for run in asked["runs"]]},
        "explain_picture": lambda asked: explained(asked["parameters"]),
        "channels": lambda asked: {
            "n": 500,
            "block": asked["parameters"]["block"],
            "channels": [{"channel": at, "peak": 2.0, "pictures": [at, 5, 9]} for at in range(3)],
        },
        "sanity": checked_by_random_weights,
        "find_rate": lambda asked: {
            "rates": [1e-5, 1e-3, 1e-1],
            "losses": [3.0, 1.0, 2.0],
            "smoothed": [3.0, 1.0, 2.0],
            "careful": 1e-4 if asked["spec"]["n_frozen"] else None,
            "bold": 4e-4 if asked["spec"]["n_frozen"] else None,
            "rises": None if asked["spec"]["n_frozen"] else 0.1,
        },
    }
)


class AnsweringWorker:
    """Classifies everything as the first class, measures half a second a step, and keeps what it was sent."""

    def __init__(self, home, on_message, on_exit, threads: int = 2) -> None:
        self._say, self.die, self.sent, self.n_classes = on_message, on_exit, [], 14
        self._say({"say": "ready", "device": "CPU", "threads": threads})

    def tell(self, run_id: str, *events: dict) -> None:
        """Says what happened in a run, all of it at once."""
        self._say({"say": "events", "run_id": run_id, "events": list(events)})

    def send(self, message: dict) -> None:
        self.sent.append(message)
        if message["do"] == "classify":
            n_classes = 1000 if message["subject"].startswith("backbone:") else self.n_classes
            value = [[0.75, *[0.25 / (n_classes - 1)] * (n_classes - 1)]]
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})
        elif message["do"] == "evaluate":
            self._say({"say": "answer", "request_id": message["request_id"], "value": self.scored(message["split"])})
        elif message["do"] in ANSWERS:
            self._say({"say": "answer", "request_id": message["request_id"], "value": ANSWERS[message["do"]](message)})
        elif message["do"] == "measure":
            pass_s = 0.05 if message["spec"]["backbone"] == "vgg16" else 0.01
            prefix_s = pass_s if message["spec"]["n_frozen"] else 0.0
            value = {"prefix_s": prefix_s, "pass_bytes": 1_300_000_000, "step_s": 0.5, "eval_s": 0.1}
            value |= {"batch_size": 32, "is_bound": False}
            self._say({"say": "answer", "request_id": message["request_id"], "value": value})

    def scored(self, split: str) -> dict:
        """Returns scores: all but the fifth of 100 pictures are right in training, else half of them."""
        return {"accuracy": 0.8 if split == "train" else 0.5, "interval": [0.4, 0.9], "n": 100, "loss": 1.0}

    def close(self) -> None:
        """Nothing to end."""


def started(n_steps: int = 4, *, is_cached: bool = True) -> dict:
    """Returns the event of a training that begins."""
    params = {"frozen_params": 100, "trainable_params": 10, "is_cached": is_cached, "device": "CPU"}
    return {"event": "started", **params, "n_train": 64, "n_steps": n_steps, "n_validation": 32, "n_test": 661}


def step_event(step: int) -> dict:
    """Returns the event of one step; an epoch has two."""
    measured = {"train_loss": 1 / step, "train_accuracy": min(1.0, 0.2 * step), "elapsed_s": float(step)}
    return {"event": "step", "step": step, "epoch": (step + 1) // 2, "images": 32 * step, **measured}


def epoch_event(number: int, *, share_right: float = 0.5, seconds: float = 2.0) -> dict:
    """Returns the event of the end of an epoch."""
    step = 2 * number
    return {
        "event": "epoch",
        "epoch": number,
        "train_loss": 1 / step,
        "train_accuracy": 0.2 * step,
        "val_loss": 1 / step,
        "val_accuracy": share_right,
        "seconds": seconds,
        "elapsed_s": float(step),
        "step": step,
        "images": 32 * step,
        "is_best": True,
        "phase": 1,
    }


def record_finished(
    store: SqliteStore,
    spec: RunSpec,
    share_right: float,
    *,
    role: str,
    name: str,
    twin_id: str | None = None,
    owner: str = "local",
    validation: float | None = None,
    labels: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> str:
    """Writes a completed run through the same recorder that real ones use; returns its id."""
    about = {"environment": {"machine": "Linux x86_64", "threads": 2}, "fingerprint": reuse.fingerprint(spec)}
    record = store.create_run(spec.to_dict(), role=role, name=name, twin_id=twin_id, owner=owner, **about)
    (store.run_folder(record.id) / WEIGHTS_FILE).write_bytes(b"weights")
    recorder = Recorder(store, record.id, spec)
    recorder.record(Event.from_dict(started()))
    for step in range(1, 5):
        recorder.record(Event.from_dict(step_event(step)))
        if step % 2 == 0:
            recorder.record(Event.from_dict(epoch_event(step // 2, share_right=validation or share_right)))
    labels = np.arange(200) % 14 if labels is None else labels
    if predicted is None:
        predicted = np.where(np.arange(200) < 200 * share_right, labels, (labels + 1) % 14)
    proof = [{"block": "stem", "frozen": True, "before": "aa", "after": "aa", "changed": False, "as_expected": True}]
    scores = score(np.eye(14)[predicted], labels, labels)
    said = SplitOutputs(np.log(np.full((len(labels), 14), 0.02) + 0.72 * np.eye(14)[predicted]), labels)
    save_outputs(
        store.run_folder(record.id), Outputs(said, said, np.bincount(labels, minlength=14), spec.has_probabilities)
    )
    recorder.record(Ended("completed", best_epoch=2, seconds=4.0, scores=scores, proof=proof))
    return record.id
