"""What a finished run can be taken along as: one row of `FORMATS` and one module of this room each.

Importing this module loads neither Keras nor a module that writes.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from tl_core.errors import InputError, UnknownIdError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import EpochRecord, RunRecord, plain
from tl_core.store.store import RunStore

MARK_DIGITS = 12


@dataclass(frozen=True)
class Source:
    """A finished run and where its things are.

    Attributes:
        record: The run.
        folder: The run's folder, with its weights.
        home: The data folder.
        epochs: Its epochs, first to last.
        twin: Its baseline, or the run whose baseline it is, with the epochs of that; None without one.
        language: Of what people read in the file: "en" or "zh".
    """

    record: RunRecord
    folder: Path
    home: Path
    epochs: tuple[EpochRecord, ...] = ()
    twin: tuple[RunRecord, tuple[EpochRecord, ...]] | None = None
    language: str = "en"

    @property
    def mark(self) -> str:
        """As much of the run's id as tells any two runs apart and opens none: a link needs all of it."""
        return self.record.id[:MARK_DIGITS]

    @classmethod
    def of(cls, store: RunStore, record: RunRecord, home: Path, language: str, *, by: Visitor = OPERATOR) -> "Source":
        """Returns a run with its epochs, and its twin where the visitor may see that."""
        twin = None
        with suppress(UnknownIdError):  # not shared, or deleted
            if record.twin_id:
                other = store.find(record.twin_id, by=by)
                twin = other, tuple(store.epochs(other.id))
        return cls(record, store.run_folder(record.id), home, tuple(store.epochs(record.id)), twin, language)

    def to_dict(self) -> dict:
        """Returns it as plain data, without the data folder: whoever reads it has one."""
        twin = self.twin and {"record": self.twin[0].to_dict(), "epochs": [one.to_dict() for one in self.twin[1]]}
        epochs = [one.to_dict() for one in self.epochs]
        return {"record": self.record.to_dict(), "epochs": epochs, "twin": twin, "language": self.language}

    @classmethod
    def from_dict(cls, data: Mapping, home: Path) -> "Source":
        """Returns what `to_dict` wrote, in this data folder."""
        record, twin = RunRecord.from_dict(data["record"]), data["twin"]
        epochs, folder = _epochs(data["epochs"]), home / "runs" / record.id
        both = twin and (RunRecord.from_dict(twin["record"]), _epochs(twin["epochs"]))
        return cls(record, folder, home, epochs, both, data["language"])


def _epochs(rows: list[dict]) -> tuple[EpochRecord, ...]:
    return tuple(EpochRecord(**row) for row in rows)


@dataclass(frozen=True)
class Parity:
    """How closely a written file, read again by another process, predicts what the run does.

    Attributes:
        n_images: Pictures that both classified.
        max_abs_difference: Largest difference of a probability from the run's.
        versions: Package → version, of what read the file.
        n_exact: Pictures where the run's own float32 arithmetic may have been further off than is allowed: there the
            file was compared with the run's network in float64.
        rounding: How far the run's probabilities were from those at most.
    """

    n_images: int
    max_abs_difference: float
    versions: Mapping[str, str] = field(default_factory=dict)
    n_exact: int = 0
    rounding: float = 0.0


@dataclass(frozen=True)
class Exported:
    """A file that was written. Attributes: where it is; the format's name; its parity, None where nothing predicts."""

    path: Path
    format: str
    parity: Parity | None = None

    def to_dict(self) -> dict:
        """Returns it as plain data: {"path", "format", "parity": {"n_images", "max_abs_difference", …}}."""
        return plain({"path": str(self.path), "format": self.format, "parity": self.parity and asdict(self.parity)})

    @classmethod
    def from_dict(cls, data: Mapping) -> "Exported":
        """Returns what `to_dict` wrote."""
        return cls(Path(data["path"]), data["format"], data["parity"] and Parity(**data["parity"]))


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: What the command line calls it.
        ending: Of the file.
        packages: What must be installed beyond requirements.txt, as it is imported.
        module: The module of this room whose function `write(source, target)` writes it, whole or not at all, and
            returns an `Exported`; named like the format where it is not said.
        needs_weights: Whether it is made of the run's weights; the others are made of its record alone.
        is_program: Whether it brings the run's pictures along: a page has it from `engine.programs`, which asks who may
            have them.
    """

    name: str
    ending: str
    packages: tuple[str, ...] = ()
    module: str = ""
    needs_weights: bool = True
    is_program: bool = False

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]

    def check(self, record: RunRecord) -> None:
        """Refuses what cannot be written, before anything is computed.

        Raises:
            InputError: "export_needs": packages are missing; "export_not_over": the run is under way;
                "run_without_weights".
        """
        if self.missing:
            raise InputError("export_needs", format=self.name, packages=self.missing)
        if not record.state.is_finished:
            raise InputError("export_not_over", run=record.id, state=record.state.value)
        if self.needs_weights and record.best_epoch is None:
            raise InputError("run_without_weights", run=record.id, state=record.state.value)

    def write(self, source: Source, target: Path) -> Exported:
        """Writes a run as this kind of file.

        Raises:
            TransferLabError: As `check`; or the file does not agree.
        """
        self.check(source.record)
        write: Callable[[Source, Path], Exported] = import_module(f"tl_core.export.{self.module or self.name}").write
        return write(source, target)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("keras", ".zip", module="keras_file"),
            Format("tflite", ".zip", module="tflite_file"),
            Format("onnx", ".zip", packages=("tf2onnx", "onnx", "onnxruntime"), module="onnx_file"),
            Format("script", ".zip", needs_weights=False, is_program=True),
            Format("notebook", ".zip", needs_weights=False, is_program=True),
            Format("tensorboard", ".zip", needs_weights=False),
            Format("card", ".zip", needs_weights=False),
        )
    }
)
