"""What a finished run can be taken along as: one row of `FORMATS` and one module of this room each.

Importing this module loads neither Keras nor a module that writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from tl_core.store.records import RunRecord


@dataclass(frozen=True)
class Source:
    """A finished run and where its things are.

    Attributes:
        record: The run.
        folder: The run's folder, with its weights.
        home: The data folder.
    """

    record: RunRecord
    folder: Path
    home: Path


@dataclass(frozen=True)
class Parity:
    """How closely a written file, read again by another process, predicts what the run does.

    Attributes:
        n_images: Pictures that both classified.
        max_abs_difference: Largest difference of a probability.
        versions: Package → version, of what read the file.
    """

    n_images: int
    max_abs_difference: float
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """A file that was written. Attributes: where it is; the format's name; its parity, None where nothing predicts."""

    path: Path
    format: str
    parity: Parity | None = None


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: What the command line calls it, and the module of this room whose function `write(source, target)` writes
            it and returns an `Exported`.
        ending: Of the file.
        packages: What must be installed beyond requirements.txt, as it is imported.
    """

    name: str
    ending: str
    packages: tuple[str, ...] = ()

    def write(self, source: Source, target: Path) -> Exported:
        """Writes a run as this kind of file.

        Raises:
            TransferLabError: The run has left no weights, a package is missing, or the file does not agree.
        """
        write: Callable[[Source, Path], Exported] = import_module(f"tl_core.export.{self.name}").write
        return write(source, target)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("keras", ".zip"),
            Format("tflite", ".zip"),
            Format("onnx", ".zip", packages=("tf2onnx", "onnx", "onnxruntime")),
            Format("script", ".zip"),
            Format("notebook", ".zip"),
            Format("tensorboard", ".zip"),
            Format("card", ".zip"),
        )
    }
)
