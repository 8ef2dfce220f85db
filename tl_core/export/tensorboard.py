"""A run's curves as event files, which TensorBoard opens; of a pair, two runs to lay over each other."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from tl_core.export.archive import write_zip
from tl_core.export.cache import making_folder
from tl_core.export.formats import MARK_DIGITS, Exported, Source
from tl_core.store.records import EpochRecord, RunRecord

TAGS = ("loss", "accuracy")
SPLITS = (("train", "train"), ("validation", "val"))


def write(source: Source, target: Path) -> Exported:
    """Writes the ZIP with one folder a run, `run/train`, `run/validation` and likewise for its baseline: TensorBoard
    lays curves over each other that have one name in several folders.

    Raises:
        StoreError: A refusal of the disk.
    """
    told = [(source.record, source.epochs), *([source.twin] if source.twin else [])]
    files: dict[str, bytes] = {}
    with making_folder(source.home) as folder:
        for record, epochs in told:
            for split, prefix in SPLITS:
                events = _scalars(record, epochs, prefix)
                files |= {f"{record.role}/{split}/{name}": data for name, data in _file(folder, events)}
            files |= {f"{record.role}/{name}": data for name, data in _file(folder, [_settings(record)])}
    write_zip(target, files.items())
    return Exported(target, "tensorboard")


def _file(folder: Path, events: Iterable) -> list[tuple[str, bytes]]:
    """Returns name and content of one event file; none where nothing was measured."""
    import tensorflow as tf
    from tensorflow.core.util.event_pb2 import Event

    events = list(events)
    if not events:
        return []
    began_s = events[0].wall_time
    name = f"events.out.tfevents.{int(began_s):010d}.transfer-lab.v2"
    with tf.io.TFRecordWriter(str(folder / name)) as writer:
        for event in (Event(wall_time=began_s, file_version="brain.Event:2"), *events):
            writer.write(event.SerializeToString())
    return [(name, (folder / name).read_bytes())]


def _scalars(record: RunRecord, epochs: Iterable[EpochRecord], prefix: str) -> list:
    """Returns one event an epoch; a value that was not measured is left out, never 0."""
    from tensorflow.core.framework.summary_pb2 import Summary
    from tensorflow.core.util.event_pb2 import Event

    events, began_s = [], _began_s(record)
    for epoch in epochs:
        measured = {tag: getattr(epoch, f"{prefix}_{tag}") for tag in TAGS}
        values = [
            Summary.Value(tag=f"epoch_{tag}", simple_value=one) for tag, one in measured.items() if one is not None
        ]
        if values:
            summary = Summary(value=values)
            events.append(Event(wall_time=began_s + epoch.elapsed_s, step=epoch.epoch, summary=summary))
    return events


def _settings(record: RunRecord):
    """Returns the run's settings as a text, a table of Markdown as TensorBoard shows it."""
    from tensorflow.core.framework.summary_pb2 import Summary, SummaryMetadata
    from tensorflow.core.framework.tensor_pb2 import TensorProto
    from tensorflow.core.framework.types_pb2 import DT_STRING
    from tensorflow.core.util.event_pb2 import Event

    rows = [
        ("name", record.name),
        ("run", record.id[:MARK_DIGITS]),
        *record.spec.items(),
        ("test_accuracy", record.test_accuracy),
    ]
    lines = ["| setting | value |", "|---|---|", *(f"| {name} | {_shown(value)} |" for name, value in rows)]
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    text = TensorProto(dtype=DT_STRING, string_val=["\n".join(lines).encode()])
    value = Summary.Value(tag="settings", metadata=metadata, tensor=text)
    return Event(wall_time=_began_s(record), summary=Summary(value=[value]))


def _shown(value: object) -> str:
    """Returns a value as code, in which Markdown reads nothing; a name may hold what would end it."""
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "'").replace("|", "\\|") + "`"


def _began_s(record: RunRecord) -> float:
    return datetime.fromisoformat(record.started_at or record.created_at).timestamp()
