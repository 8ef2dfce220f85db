"""A network as a file that is handed out only when a fresh process, which has nothing of ours, predicts the same by it.

One ZIP: the network with preprocessing and softmax inside, the names of its classes, a program that uses it, the model
card, and how closely it agreed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError, WorkerError
from tl_core.export.archive import write_zip
from tl_core.export.cache import making_folder
from tl_core.export.card import card_files
from tl_core.export.formats import Exported, Parity, Source
from tl_core.export.network import loaded, probabilities, stock_network
from tl_core.export.parity_pictures import check_pictures
from tl_core.store.run_dataset import run_classes

MOST_DIFFERENCE = 1e-5  # of a probability
CHECK_S = 600.0  # then the fresh process will never answer
PROGRAM = Path(__file__).with_name("classify.py")
OURS = ("TL_INSTRUCTOR_KEY", "PYTHONPATH")  # what the fresh process is not told

Save = Callable[[keras.Model, Path], None]


def write_verified(source: Source, target: Path, name: str, ending: str, save: Save) -> Exported:
    """Writes a run's network and has it read again.

    Args:
        source: The run.
        target: The ZIP to be.
        name: Of the format.
        ending: Of the network's file, by which `classify.py` knows how to read it.
        save: Writes the network, uint8 pictures → probabilities, to a path.

    Raises:
        StoreError: "export_differs": the file does not predict the same; a refusal of the disk; "file_damaged".
        WorkerError: "export_unreadable": the fresh process could not read it.
        UnavailableError: The pretrained weights of its frozen prefix are not on this machine.
    """
    full, side = loaded(source.folder)
    images, shown = check_pictures(str(source.record.spec["dataset"]), side, source.home)
    with storage_errors(target.parent), making_folder(source.home) as folder:
        model = folder / f"model{ending}"
        save(stock_network(full), model)
        parity = compare(model, images, probabilities(full, images), name)
        written = model.read_bytes()
    files = {model.name: written} | _beside(source, side, parity, shown, name)
    write_zip(target, files.items())
    return Exported(target, name, parity)


def compare(model: Path, images: np.ndarray, expected: np.ndarray, name: str) -> Parity:
    """Has a fresh process classify pictures by a file.

    Args:
        model: The file, in a folder of its own.
        images: uint8 (N, S, S, 3).
        expected: float (N, classes), what the run says of them.
        name: Of the format.

    Raises:
        StoreError: "export_differs": by more than 1e-5.
        WorkerError: "export_unreadable".
    """
    pictures, answers = model.with_name("pictures.npy"), model.with_name("answers.npy")
    np.save(pictures, images)
    versions = _answered(name, [str(PROGRAM), "--check", str(model), str(pictures), str(answers)])
    answered = np.load(answers, allow_pickle=False)
    is_alike = answered.shape == expected.shape and np.isfinite(answered).all()
    difference = float(np.abs(answered - expected).max()) if is_alike else 1.0
    if not difference <= MOST_DIFFERENCE:
        raise StoreError("export_differs", format=name, difference=difference, allowed=MOST_DIFFERENCE)
    return Parity(len(images), difference, versions)


def _answered(name: str, program: list[str]) -> dict[str, str]:
    """Runs a program in a process that finds no module of ours, and returns what it says of versions."""
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    environment |= {"KERAS_BACKEND": keras.backend.backend(), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-I", "-W", "ignore", *program]
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, text=True, timeout=CHECK_S, check=True
            )
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise WorkerError("export_unreadable", format=name, reason=said[-1][:300] if said else "?") from error


def _beside(source: Source, side: int, parity: Parity, shown: str, name: str) -> dict[str, bytes]:
    """Returns what lies beside the network in the ZIP: file name → content."""
    classes = list(run_classes(source.record, source.home))
    report = {"format": name, "run": source.mark, **asdict(parity), "pictures": shown, "split": "test"}
    report |= {"allowed_difference": MOST_DIFFERENCE}
    labels = {"classes": classes, "image_size": side, "channels": "RGB", "values": "uint8, 0-255"}
    return {
        "labels.txt": "".join(f"{one}\n" for one in classes).encode(),
        "labels.json": _json(labels),
        "parity.json": _json(report),
        "classify.py": PROGRAM.read_bytes(),
        **card_files(source, parity),
    }


def _json(value: dict) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
