"""The weights in a bundle: the head of a safetensors file is checked by hand before anything is made of it.

References:
    Hugging Face, safetensors, Format: 8 bytes length of the head, the head in JSON, the numbers without gaps.
"""

import json
import math
import re
from types import MappingProxyType

import numpy as np

from tl_core.disk.files import checksum
from tl_core.errors import BundleError

MAX_JSON_BYTES = 2**20
MAX_DEPTH = 8
MAX_TENSORS = 4000
_DTYPES = MappingProxyType({"F32": "<f4", "F16": "<f2", "I32": "<i4", "I64": "<i8", "U32": "<u4", "U64": "<u8"})
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)


def strict_json(data: bytes | memoryview | str) -> object:
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


def _without_twice(pairs: list[tuple[str, object]]) -> dict:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _no_number(name: str) -> None:
    raise ValueError(name)


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
    n_head = int.from_bytes(data[:8], "little")
    if n_head > MAX_JSON_BYTES:
        raise ValueError("the head is too long")
    head = strict_json(data[8 : 8 + n_head])
    texts = {str(name): _text(text) for name, text in head.pop("__metadata__").items()}
    rows = sorted(head.items(), key=lambda row: row[1]["data_offsets"])
    if not 0 < len(rows) <= MAX_TENSORS or {name for name, _ in rows} != {f"{at:04d}" for at in range(len(rows))}:
        raise ValueError("names")
    numbers, at, arrays = data[8 + n_head :], 0, {}
    for name, row in rows:
        arrays[name] = _array(numbers, at, **row)
        at += arrays[name].nbytes
    if at != len(numbers):
        raise ValueError("a gap at the end")
    return dict(sorted(arrays.items())), texts


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _array(numbers: memoryview, at: int, *, dtype: str, shape: list, data_offsets: list) -> np.ndarray:
    """Returns the array that begins at a byte; its shape, its bytes and the end of the file must agree."""
    if len(shape) > 6 or not all(type(side) is int and 0 < side < 2**32 for side in shape):
        raise ValueError("shape")
    kind, n = np.dtype(_DTYPES[dtype]), math.prod(shape)
    end = at + n * kind.itemsize
    if [type(offset) for offset in data_offsets] != [int, int] or data_offsets != [at, end] or end > len(numbers):
        raise ValueError("a gap, an overlap or another size")
    return np.frombuffer(numbers, kind, n, at).reshape(shape)
