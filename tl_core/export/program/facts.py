"""What a program is written from: a run's spec, its data and its backbone, all told without Keras."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.errors import InputError
from tl_core.models.catalog import BackboneInfo, backbone_info
from tl_core.models.weights import BUNDLED
from tl_core.phrases import phrase
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_data


class Faulty(NamedTuple):
    """A fault of the pixels: its code; the key of the sentence that says so; whether the right arithmetic follows."""

    code: str | None
    about: str
    has_usual: bool = True


FAULTY: Mapping[str, Faulty] = MappingProxyType(
    {
        "raw-pixels": Faulty(None, "fault_raw", has_usual=False),
        "unit-pixels": Faulty("x = x / 255.0", "fault_unit", has_usual=False),
        "rescaled-twice": Faulty("x = x / 255.0", "fault_twice"),
        "bgr-pixels": Faulty("x = keras.ops.flip(x, axis=-1)", "fault_bgr"),
    }
)
"""Fault of a run → what a program does to the pixels; there is no program with another one."""


@dataclass(frozen=True)
class Facts:
    """What the parts of a program look at.

    Attributes:
        record: The run.
        spec: What it trained.
        data: The data that it was trained on.
        backbone: Its backbone.
        language: Of the comments, "en" or "zh".
        has_pictures: Whether the pictures are beside the program.
    """

    record: RunRecord
    spec: RunSpec
    data: DatasetInfo
    backbone: BackboneInfo
    language: str
    has_pictures: bool = True

    @property
    def n_used(self) -> int:
        """Blocks before the head."""
        return self.backbone.n_used(self.spec.head_at)

    @property
    def is_head_only(self) -> bool:
        return self.spec.n_frozen >= self.n_used

    @property
    def is_fitted(self) -> bool:
        """Whether the head is fitted once, by scikit-learn, instead of being trained in steps."""
        return self.spec.is_fitted

    @property
    def is_pretrained(self) -> bool:
        return self.spec.weights == "pretrained"

    @property
    def brings_weights(self) -> bool:
        """Whether the backbone's weights are a file beside the program; Keras downloads those of all others."""
        return self.is_pretrained and self.spec.backbone in BUNDLED

    def say(self, key: str, **values: object) -> str:
        """Returns a sentence of the section "code" of the copy files."""
        return phrase(self.language, f"code.{key}", **values)

    @property
    def data_name(self) -> str:
        """Returns what the data are called; somebody's own have no name here that others should read."""
        is_known = self.data.id in DATASETS
        return phrase(self.language, f"dataset.{self.data.id}.name") if is_known else self.say("own_data")


def facts_of(record: RunRecord, home: Path, language: str = "en", *, has_pictures: bool = True) -> Facts:
    """Returns what a program for a run is written from.

    Raises:
        InputError: "code_active" while it is not finished; "code_elsewhere": it was trained on another server;
            "code_start": its backbone started in a way that no program has; "code_fault": it has a fault on purpose
            that nobody should find in a program to build on.
        UnknownIdError: "unknown_dataset" or "unknown_backbone".
    """
    if not record.state.is_finished:
        raise InputError("code_active", run=record.id)
    if "imported" in record.environment:
        raise InputError("code_elsewhere", run=record.id)
    spec = RunSpec.from_dict(record.spec)
    if spec.started_as not in ("pretrained", "random"):
        raise InputError("code_start", run=record.id)
    if spec.fault not in ("none", *FAULTY):
        raise InputError("code_fault", run=record.id)
    data, backbone = run_data(record, home), backbone_info(spec.backbone)
    return Facts(record, spec, data, backbone, language, has_pictures)
