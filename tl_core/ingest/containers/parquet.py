"""Parquet files with a column of pictures, as Hugging Face hands data sets out. Read row group by row group."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.datasets.own.splits import UNKNOWN
from tl_core.disk.files import read_at
from tl_core.errors import InputError
from tl_core.ingest.containers.made import Made, check_number, made_path
from tl_core.ingest.containers.room import Room
from tl_core.ingest.labels.label_words import label_score
from tl_core.ingest.labels.split_words import split_named

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_COLUMNS = 2_000
_ROWS_AT_ONCE = 64
_MAX_ROW_GROUP_BYTES = 2_000_000_000  # unpacked, of the two columns that are read


class _Columns(NamedTuple):
    picture: str
    label: str | None
    names: list[str]


def open_parquet(files: list[tuple[str, BinaryIO]], room: Room) -> Made:
    """Returns the pictures of the shards of one data set.

    Args:
        files: Each with its name, `train-00000-of-00001.parquet`, whose words tell the split.
        room: Where the pictures are put: a class after the other is read, and the rows stand in any order.

    Raises:
        InputError: "import_parquet": no column holds pictures. "import_damaged", "import_entries", "import_unpacked".
        StoreError: "disk_full" or "home_not_writable".
    """
    n_bytes = sum(file.seek(0, 2) for _, file in files)
    target = room.open_file(0, files[0][0])
    paths: list[str] = []
    spans: list[tuple[int, int]] = []
    try:
        for name, file in files:
            with _damage(name):
                for data, label in _rows(name, file):
                    room.take(max(0, len(data) - n_bytes), name)  # what the file does not hold itself
                    n_bytes = max(0, n_bytes - len(data))
                    spans.append((target.tell(), len(data)))
                    paths.append(made_path(len(paths), split_named(name), label, "png"))
                    check_number(len(paths))
                    with room.storage():
                        target.write(data)
        target.flush()
    except BaseException:
        target.close()
        raise
    finally:
        for _, file in files:
            file.close()
    return Made(paths, lambda number: read_at(target.fileno(), spans[number][1], spans[number][0]), [target])


def _rows(name: str, file: BinaryIO) -> Iterator[tuple[bytes, str | None]]:
    """Yields every picture with its label."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file)
    check_number(table.metadata.num_rows)
    columns = _columns(table.schema_arrow, name)
    for at in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(at)
        wanted = [group.column(i) for i in range(group.num_columns)]
        size = sum(one.total_uncompressed_size for one in wanted if one.path_in_schema.split(".")[0] in columns[:2])
        if size > _MAX_ROW_GROUP_BYTES:
            raise InputError("import_unpacked", file=name, allowed_gb=_MAX_ROW_GROUP_BYTES / 1e9)
    read = [column for column in columns[:2] if column]
    for batch in table.iter_batches(_ROWS_AT_ONCE, columns=read, use_threads=False):
        labels = batch.column(columns.label).to_pylist() if columns.label else [None] * len(batch)
        for picture, label in zip(batch.column(columns.picture), labels, strict=True):
            yield _bytes_of(picture.as_py()), None if label is None else _label(label, columns.names)


def _bytes_of(value: Any) -> bytes:
    data = value.get("bytes") if isinstance(value, dict) else value
    return data[: MAX_FILE_BYTES + 1] if isinstance(data, bytes) else b""


def _label(value: object, names: list[str]) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    return str(value)


def _columns(schema: "pa.Schema", name: str) -> _Columns:
    """Returns which column holds the pictures and which the classes.

    Raises:
        InputError: "import_parquet".
    """
    import pyarrow as pa

    if len(schema) > _MAX_COLUMNS:
        raise InputError("import_parquet", file=name, received=schema.names[:20])
    pictures = [field.name for field in schema if _holds_bytes(field.type)]
    known = _features(schema)
    labels = sorted(
        (
            field.name
            for field in schema
            if pa.types.is_integer(field.type) or _is_text(field.type) or pa.types.is_boolean(field.type)
        ),
        key=lambda one: (-len(known.get(one, [])), -label_score(one)),
    )
    label = next((one for one in labels if known.get(one) or label_score(one)), None)
    is_test = split_named(name) != UNKNOWN
    if not pictures or (label is None and not is_test):
        raise InputError("import_parquet", file=name, received=schema.names[:20])
    picture = next((one for one in pictures if "image" in one.casefold() or "img" in one.casefold()), pictures[0])
    return _Columns(picture, label, known.get(label or "", []))


def _holds_bytes(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and _holds_bytes(kind.field(at).type)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _features(schema: "pa.Schema") -> dict[str, list[str]]:
    """Returns the class names that Hugging Face's metadata gives for columns."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        named = {column: feature.get("names") for column, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return {
        column: names
        for column, names in named.items()
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    }


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """What pyarrow raises of a broken file is "import_damaged"."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise InputError("import_damaged", file=name) from error
