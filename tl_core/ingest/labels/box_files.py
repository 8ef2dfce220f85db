"""Tells a detection set, where boxes are marked in pictures, from one whose pictures have a class each; by content."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tl_core.errors import InputError
from tl_core.ingest.trees import Source

_LOOKED_AT = 8
_MAX_BYTES = 20_000_000
_YOLO = re.compile(r"\s*\d+(\s+[01]?\.?\d+(e-?\d+)?){4,}\s*")


def has_boxes(source: Source, pictures: Sequence[str]) -> bool:
    """Says whether pictures come with boxes: COCO's JSON, an XML as VOC has it, or a text of five numbers for each."""
    stems = {PurePosixPath(file).stem.casefold() for file in pictures}
    beside = [file for file in source.files if PurePosixPath(file).stem.casefold() in stems]
    for ending, looks in ((".txt", _is_yolo), (".xml", _is_voc)):
        found = [file for file in beside if file.lower().endswith(ending)]
        looked = found[:: max(1, len(found) // _LOOKED_AT)][:_LOOKED_AT]
        if len(found) >= max(2, len(pictures) / 2) and any(looks(_read(source, file)) for file in looked):
            return True
    jsons = [file for file in source.files if file.lower().endswith(".json")][:_LOOKED_AT]
    return any(_is_coco(_read(source, file)) for file in jsons)


def _read(source: Source, file: str) -> bytes:
    try:
        return source.read(file)
    except InputError:
        return b""


def _is_yolo(data: bytes) -> bool:
    lines = data[:10_000].decode("utf-8", "replace").splitlines()[:20]
    return bool(lines) and all(_YOLO.fullmatch(line) for line in lines if line.strip())


def _is_voc(data: bytes) -> bool:
    return b"<bndbox" in data


def _is_coco(data: bytes) -> bool:
    if not 0 < len(data) <= _MAX_BYTES or b'"bbox"' not in data:
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError, UnicodeDecodeError):
        return False
    found = value.get("annotations") if isinstance(value, dict) else None
    return isinstance(found, list) and any(isinstance(one, dict) and one.get("bbox") for one in found[:_LOOKED_AT])
