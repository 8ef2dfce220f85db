"""A run's network as a .keras file, which plain Keras loads."""

from pathlib import Path

import keras

from tl_core.export.formats import Exported, Source
from tl_core.export.quiet import quiet
from tl_core.export.verified import write_verified


def write(source: Source, target: Path) -> Exported:
    """Writes the ZIP with model.keras; raises as `write_verified`."""
    return write_verified(source, target, "keras", ".keras", save)


def save(model: keras.Model, path: Path) -> None:
    """Writes a network as Keras does."""
    with quiet():
        model.save(path)
