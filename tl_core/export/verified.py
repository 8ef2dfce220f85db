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

from tl_core.datasets.images.preparation import GROUNDS, Preparation
from tl_core.disk.space import storage_errors
from tl_core.errors import StoreError, WorkerError
from tl_core.export.archive import write_zip
from tl_core.export.cache import making_folder
from tl_core.export.card import card_files
from tl_core.export.formats import Exported, Parity, Source
from tl_core.export.network import exact_network, loaded, probabilities, stock_network
from tl_core.export.parity_pictures import check_pictures
from tl_core.store.run_dataset import run_classes, run_preparation

MOST_DIFFERENCE = 1e-5  # of a probability
MOST_ROUNDING = 1e-3  # more than that, and no float32 arithmetic explains it
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
        parity = compare(model, images, full, name)
        written = model.read_bytes()
    files = {model.name: written} | _beside(source, side, parity, shown, name)
    write_zip(target, files.items())
    return Exported(target, name, parity)


def compare(model: Path, images: np.ndarray, full: keras.Model, name: str) -> Parity:
    """Has a fresh process classify pictures by a file.

    What the run says is float32 as well. Where logits are large, as those of VGG16 are, its probabilities round to
    more than 1e-5: of 50 photographs at 96 px, with logits up to 56, ours were 1.2e-5 from float64 and those of the
    ONNX file 3e-6. So pictures on which the two do not agree are decided by the run's network in float64, within the
    same limit.

    Args:
        model: The file, in a folder of its own.
        images: uint8 (N, S, S, 3).
        full: The run's network, pictures → logits.
        name: Of the format.

    Raises:
        StoreError: "export_differs": by more than 1e-5.
        WorkerError: "export_unreadable".
    """
    said = probabilities(full, images)
    pictures, answers = model.with_name("pictures.npy"), model.with_name("answers.npy")
    np.save(pictures, images)
    versions = _answered(name, [str(PROGRAM), "--check", str(model), str(pictures), str(answers)])
    answered = np.load(answers, allow_pickle=False)
    if answered.shape != said.shape or not np.isfinite(answered).all():
        raise StoreError("export_differs", format=name, difference=1.0, allowed=MOST_DIFFERENCE)
    in_doubt, reference = _in_doubt(answered, said), said.copy()
    if in_doubt.any():
        reference[in_doubt] = probabilities(exact_network(full), images[in_doubt])
    difference = float(np.abs(answered - reference).max())
    if not difference <= MOST_DIFFERENCE:
        raise StoreError("export_differs", format=name, difference=difference, allowed=MOST_DIFFERENCE)
    rounding = float(np.abs(said - reference).max())
    return Parity(len(images), difference, versions, int(in_doubt.sum()), rounding)


def _in_doubt(answered: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Returns of each picture, bool (N,), whether file and run are further apart than allowed, and so little that
    rounding could be why: of a file that is plainly wrong nothing is computed again.
    """
    apart = np.abs(answered - said).max(axis=1)
    return (apart > MOST_DIFFERENCE) & bool(apart.max() <= MOST_ROUNDING)


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
    labels |= {"prepared": how_prepared(run_preparation(source.record, source.home))}
    return {
        "labels.txt": "".join(f"{one}\n" for one in classes).encode(),
        "labels.json": _json(labels),
        "parity.json": _json(report),
        "classify.py": PROGRAM.read_bytes(),
        **card_files(source, parity),
    }


def how_prepared(preparation: Preparation) -> dict:
    """Returns how pictures are made ready, as `classify.py` reads it: levels instead of their names."""
    low, high = preparation.low, preparation.high
    values = None if low is None or high is None else [low, high]
    return {"framing": preparation.framing, "ground": GROUNDS[preparation.ground], "range": values}


def _json(value: dict) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
