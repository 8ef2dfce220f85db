"""Tables as they lie in a tree: text in any usual encoding and with any usual separator, or JSON; every cell a text."""

import io
import json
import re
import warnings
from collections import Counter
from typing import Any, NamedTuple

MAX_ROWS = 250_000
MAX_CELLS = 5_000_000
MAX_COLUMNS = 2_000
MAX_JSON_BYTES = 20_000_000
_LOOKED_AT = 30  # lines that tell the separator
_MAX_LINE = 1_000_000
_SEPARATORS = (",", "\t", ";", "|")
_IDEOGRAPHS = re.compile("[\u4e00-\u9fff]+")


class Table(NamedTuple):
    """A table of texts.

    Attributes:
        path: Where it lies in the tree.
        rows: All rows, each as long as the first; the first may be the names of the columns.
        names: Of the columns, where the file's form gives them; else the first row may.
    """

    path: str
    rows: list[list[str]]
    names: list[str] | None = None


def parse_table(path: str, data: bytes) -> Table | None:
    """Returns the table in a file; None where there is none, or it is out of all bounds.

    Args:
        path: Of the file; its ending tells JSON from text.
        data: Its content.
    """
    text = decoded(data)
    if text is None:
        return None
    if path.lower().endswith((".json", ".jsonl", ".ndjson")):
        return _json_table(path, text) if len(data) <= MAX_JSON_BYTES else None
    return _text_table(path, text)


def decoded(data: bytes) -> str | None:
    """Returns a file's text; None where it is none. Of China's encoding and Europe's the likelier one is taken."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        runs = _IDEOGRAPHS.findall(text)
        if encoding == "utf-8-sig" or 2 * sum(len(run) > 1 for run in runs) >= len(runs) > 0:
            return text
    return data.decode("cp1252", "replace")


def _text_table(path: str, text: str) -> Table | None:
    lines = [line for line in text.splitlines() if line.strip()][: MAX_ROWS + 1]
    comments = [line for line in lines[:_LOOKED_AT] if line.startswith("#")]
    lines = [line for line in lines if not line.startswith("#")]
    if not lines or max(map(len, lines[:_LOOKED_AT])) > _MAX_LINE:
        return None
    separator = _separator(lines[:_LOOKED_AT])
    n_columns = max(len(_cells(line, separator)) for line in lines[:_LOOKED_AT])
    if n_columns > MAX_COLUMNS or n_columns * len(lines) > MAX_CELLS:
        return None
    if not separator:
        return Table(path, [[line.strip()] for line in lines])
    rows = _parsed("\n".join(lines), separator, n_columns)
    named = comments[-1].lstrip("#").split() if comments else []
    return Table(path, rows, named[:n_columns] if len(named) >= n_columns > 1 else None) if rows else None


def _separator(lines: list[str]) -> str:
    """Returns what separates the cells: the sign that most lines have equally often; " " for spaces; "" for nothing."""
    best, most = "", 0.6 * len(lines)
    for separator in (*_SEPARATORS, " "):
        n, times = Counter(len(_cells(line, separator)) for line in lines).most_common(1)[0]
        if n > 1 and times >= most and (not best or times > most):
            best, most = separator, times
    return best


def _cells(line: str, separator: str) -> list[str]:
    if separator in ("", " "):
        return line.split() if separator else [line]
    return re.sub(r'"[^"]*"', "", line).split(separator)


def _parsed(text: str, separator: str, n_columns: int) -> list[list[str]]:
    import csv

    import pandas as pd

    options: dict[str, Any] = {"sep": r"\s+"} if separator == " " else {"sep": separator, "skipinitialspace": True}
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):  # the second where a quote is never closed
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of rows of another length
                frame = pd.read_csv(
                    io.StringIO(text),
                    header=None,
                    names=range(n_columns),
                    index_col=False,
                    dtype=str,
                    na_filter=False,
                    on_bad_lines="skip",
                    nrows=MAX_ROWS,
                    quoting=quoting,
                    engine="c",
                    **options,
                )
        except (ValueError, TypeError, OverflowError, pd.errors.ParserError):
            continue
        columns = [[cell.strip() if isinstance(cell, str) else "" for cell in frame[at]] for at in range(n_columns)]
        return [list(row) for row in zip(*columns, strict=True)]
    return []


def _json_table(path: str, text: str) -> Table | None:
    try:
        if path.lower().endswith(".json"):
            return _of_json(path, json.loads(text))
        lines = [json.loads(line) for line in text.splitlines()[:MAX_ROWS] if line.strip()]
    except (ValueError, RecursionError):
        return None
    return _of_records(path, lines)


def _of_json(path: str, value: Any) -> Table | None:
    """Returns the table in a JSON value: records, or a mapping of files to labels, or of labels to files."""
    if isinstance(value, list):
        return Table(path, [[one] for one in value[:MAX_ROWS]]) if _is_texts(value) else _of_records(path, value)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("images"), list) and isinstance(value.get("annotations"), list):
        return _of_annotations(path, value)
    if value and all(isinstance(one, str | int) for one in value.values()):
        return Table(path, [[str(key), str(one)] for key, one in value.items()][:MAX_ROWS])
    if value and all(_is_texts(one) for one in value.values()):
        rows = [[file, str(key)] for key, files in value.items() for file in files]
        return Table(path, rows[:MAX_ROWS])
    lists = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
    return _of_records(path, lists[0]) if len(lists) == 1 else None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _of_records(path: str, records: list[Any]) -> Table | None:
    if not records or not all(isinstance(record, dict) for record in records):
        return None
    names = list(dict.fromkeys(str(key) for record in records[:MAX_ROWS] for key in record))
    if len(names) > MAX_COLUMNS or len(names) * len(records) > MAX_CELLS:
        return None
    return Table(path, [[_text(record.get(name, "")) for name in names] for record in records[:MAX_ROWS]], names)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _of_annotations(path: str, value: dict) -> Table | None:
    """Returns the labels of a JSON as COCO has it, but without boxes, as iNaturalist hands them out."""
    try:
        files = {one["id"]: str(one["file_name"]) for one in value["images"]}
        names = {one["id"]: str(one["name"]) for one in value.get("categories", [])}
        rows = [
            [files[one["image_id"]], names.get(one["category_id"], str(one["category_id"]))]
            for one in value["annotations"]
            if one["image_id"] in files
        ]
    except (KeyError, TypeError):
        return None
    return Table(path, rows[:MAX_ROWS], ["file_name", "category"])
