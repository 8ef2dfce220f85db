"""Reads the float32 arrays of an ONNX file, without ONNX: the file is a protobuf, and six of its fields are enough.

ModelProto.graph is field 7 and GraphProto.initializer field 5. Of a TensorProto the fields are dims 1 (varints, packed
or not), data_type 2 (1 stands for float32), name 8, raw_data 9 (little-endian).

References: onnx/onnx.proto of ONNX 1.x; Protocol Buffers, "Encoding".
"""

from collections.abc import Iterator
from math import prod

import numpy as np

GRAPH, INITIALIZER = 7, 5
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
FLOAT32 = 1
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MOST_VARINT_BYTES = 10


def read_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Returns the initializers that are float32, by name; others (shapes, axes) are left out.

    Raises:
        ValueError: The file is something else, ends early, or holds a tensor whose bytes do not fill its shape.
    """
    graphs = [value for number, value in _fields(memoryview(data)) if number == GRAPH]
    if len(graphs) != 1 or isinstance(graphs[0], int):
        raise ValueError("not an ONNX file with one graph")
    tensors = (_tensor(value) for number, value in _fields(graphs[0]) if number == INITIALIZER)
    return {name: array for name, array in tensors if array is not None}


def _tensor(data: int | memoryview) -> tuple[str, np.ndarray | None]:
    """Returns a tensor's name, and its array where it is float32 and stored raw."""
    shape, kind, name, raw = [], 0, "", None
    for number, value in _fields(_message(data)):
        if number == DIMS:
            shape += [value] if isinstance(value, int) else _varints(value)
        elif number == DATA_TYPE:
            kind = value
        elif number == NAME:
            name = bytes(_message(value)).decode()
        elif number == RAW_DATA:
            raw = _message(value)
    if kind != FLOAT32 or raw is None:
        return name, None
    if len(raw) != 4 * prod(shape):
        raise ValueError(f"{name} has {len(raw)} bytes and the shape {shape}")
    return name, np.frombuffer(raw, "<f4").reshape(shape)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields number and value of each field of a message: an int, or the bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
        elif kind in (FIXED64, LENGTH, FIXED32):
            size, at = _varint(data, at) if kind == LENGTH else (8 if kind == FIXED64 else 4, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        if at > len(data):
            raise ValueError("the file ends early")
        yield number, value


def _varints(data: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Returns the number of seven bits a byte, lowest first, that starts here, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + MOST_VARINT_BYTES]):
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, at + place + 1
    raise ValueError("a number does not end")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number stands where bytes are expected")
    return value
