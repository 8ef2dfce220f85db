"""All parts of a program in their order, and what is said before them."""

from tl_core.export.program.data import data_piece
from tl_core.export.program.facts import Facts
from tl_core.export.program.fitting import fitting_imports, fitting_piece
from tl_core.export.program.freezing import freezing_piece
from tl_core.export.program.network import BESIDE, network_piece
from tl_core.export.program.pieces import Piece
from tl_core.export.program.scoring import scoring_piece
from tl_core.export.program.training import training_piece
from tl_core.store.records import RunState

ID_DIGITS = 12


def pieces(facts: Facts) -> list[Piece]:
    """Returns the parts of a program."""
    learning = fitting_piece if facts.is_fitted else training_piece
    parts = (data_piece, network_piece, freezing_piece, learning, scoring_piece)
    return [part(facts) for part in parts]


def imports(facts: Facts) -> list[str]:
    """Returns the lines that import what the parts use, in the order that a formatter wants."""
    hashing = [] if facts.is_pretrained else ["import hashlib"]
    lines = ["import csv", *hashing, "from pathlib import Path", "", "import keras", "import numpy as np"]
    lines.append("from PIL import Image")
    if facts.is_fitted:
        lines += fitting_imports(facts)
    if facts.spec.backbone in BESIDE:
        module, function = BESIDE[facts.spec.backbone]
        lines += ["", f"from {module} import {function}"]
    return lines


def settings(facts: Facts, here: str) -> list[str]:
    """Returns the lines with what all parts use.

    Args:
        facts: What the program is written from.
        here: The code that names the folder in which it lies.
    """
    return [
        f"HERE = {here}",
        f"SIDE, BATCH = {facts.spec.image_size}, {facts.spec.batch_size}  # {facts.say('settings')}",
    ]


def title(facts: Facts) -> str:
    """Returns what the program does, in one line."""
    return facts.say("title", backbone=facts.backbone.family, data=facts.data_name)


def notes(facts: Facts) -> list[str]:
    """Returns what a reader must know before running it: where it comes from, and what differs from the run."""
    score = facts.record.test_accuracy
    reached = [] if score is None else [facts.say("reached", accuracy=f"{score:.4f}")]
    return [facts.say("origin", run=facts.record.id[:ID_DIGITS]), *reached, *differences(facts)]


def differences(facts: Facts) -> list[str]:
    """Returns, each in a sentence, what cannot be as it was in the run; none where the curve is the same."""
    spec = facts.spec
    told = {
        "differs_augment": spec.augment != "none",
        "differs_fast": spec.arithmetic == "fast" and facts.backbone.has_batchnorm,
        "differs_all": not facts.is_head_only,
        "differs_stopped": facts.record.state is not RunState.COMPLETED,
        "needs_download": facts.is_pretrained and not facts.brings_weights,
        "needs_pictures": not facts.has_pictures,
    }
    return [facts.say(key) for key, holds in told.items() if holds]
