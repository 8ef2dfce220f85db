"""A stranger's safetensors file: its head is checked by hand before anything is made of it.

References:
    Hugging Face, safetensors, Format: 8 bytes length of the head, the head in JSON, the numbers without gaps.
"""

import json
import math
import re
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np

from tl_core.disk.files import checksum
from tl_core.errors import BundleError

MAX_JSON_BYTES = 2**20
MAX_DEPTH = 8
MAX_TENSORS = 4000
_DTYPES = MappingProxyType({"F32": "<f4", "F16": "<f2", "I32": "<i4", "I64": "<i8", "U32": "<u4", "U64": "<u8"})
_TEXTS = "__metadata__"
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)


def strict_json(data: bytes | memoryview | str) -> Any:
    """Returns what a stranger's JSON says.

    Raises:
        ValueError: More than 1 MiB, nested deeper than 8, a name twice, NaN, or no JSON.
    """
    if len(data) > MAX_JSON_BYTES:
        raise ValueError("too long")
    text = data if isinstance(data, str) else bytes(data).decode()
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0][0], 0)
        if depth > MAX_DEPTH:
            raise ValueError("too deep")
    return json.loads(text, object_pairs_hook=_without_twice, parse_constant=_no_number)


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def with_texts(data: bytes | memoryview, texts: dict[str, str]) -> list[bytes | memoryview]:
    """Returns the pieces of a safetensors file with other texts; the same content always gives the same bytes.

    Raises:
        ValueError: It has no head that `strict_json` reads.
    """
    head, numbers = _head(memoryview(data))
    rows = {name: row for name, row in sorted(head.items()) if name != _TEXTS}
    text = json.dumps({_TEXTS: texts, **rows}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little") + text, numbers]


def texts_of(data: bytes | memoryview) -> dict[str, str]:
    """Returns the texts in the head of a safetensors file; other programs often write none.

    Raises:
        ValueError: It has no head that `strict_json` reads, or other things in the place of texts.
    """
    texts = _head(memoryview(data))[0].get(_TEXTS, {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("not texts")
    return texts


def _head(data: memoryview) -> tuple[dict, memoryview]:
    """Returns the head, a JSON object, and the numbers behind it."""
    n_head = int.from_bytes(data[:8], "little")
    head = strict_json(data[8 : 8 + min(n_head, MAX_JSON_BYTES + 1)])
    if not isinstance(head, dict):
        raise ValueError("no object")
    return head, data[8 + n_head :]


def tensors(data: memoryview, file: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns the arrays, as read-only views, and the texts that `save_trained` wrote.

    Args:
        data: A stranger's safetensors file.
        file: What the bundle is called, for the sentence.

    Raises:
        BundleError: "bundle_weights": not laid out like that, to the last byte, or its checksum differs;
            "bundle_not_finite": NaN or infinity is among the numbers.
    """
    try:
        arrays, texts = _laid_out(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError("bundle_weights", file=file) from error
    if texts.pop("crc32", None) != checksum(arrays, texts):
        raise BundleError("bundle_weights", file=file)
    if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
        raise BundleError("bundle_not_finite", file=file)
    return arrays, texts


def _laid_out(data: memoryview) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    texts, (head, numbers) = texts_of(data), _head(data)
    rows = sorted(((name, row) for name, row in head.items() if name != _TEXTS), key=lambda row: row[1]["data_offsets"])
    if not 0 < len(rows) <= MAX_TENSORS or {name for name, _ in rows} != {f"{at:04d}" for at in range(len(rows))}:
        raise ValueError("names")
    at, arrays = 0, {}
    for name, row in rows:
        arrays[name] = _array(numbers, at, **row)
        at += arrays[name].nbytes
    if at != len(numbers):
        raise ValueError("a gap at the end")
    return dict(sorted(arrays.items())), texts


def _array(numbers: memoryview, at: int, *, dtype: str, shape: list, data_offsets: list) -> np.ndarray:
    """Returns the array that begins at a byte; its shape, its bytes and the end of the file must agree."""
    if len(shape) > 6 or not all(type(side) is int and 0 < side < 2**32 for side in shape):
        raise ValueError("shape")
    kind, n = np.dtype(_DTYPES[dtype]), math.prod(shape)
    end = at + n * kind.itemsize
    if [type(offset) for offset in data_offsets] != [int, int] or data_offsets != [at, end] or end > len(numbers):
        raise ValueError("a gap, an overlap or another size")
    return np.frombuffer(numbers, kind, n, at).reshape(shape)
