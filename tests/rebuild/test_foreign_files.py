"""Weights are read out of other programs' files without those programs; a damaged file is refused."""

import io
import json
import struct
import tarfile

import numpy as np
import pytest

from assets.rebuild import onnx_file, tfjs_file

VALUES = np.arange(6, dtype="<f4").reshape(2, 3)


def varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, kind: int = 1, raw: bytes = VALUES.tobytes(), *, is_packed: bool = True) -> bytes:
    dims = field(1, varint(2) + varint(3)) if is_packed else field(1, 2) + field(1, 3)
    return field(5, dims + field(2, kind) + field(8, name.encode()) + field(9, raw))


def onnx(*initializers: bytes) -> bytes:
    skipped = field(1, 8) + varint(2 << 3 | 5) + struct.pack("<f", 1.0) + varint(3 << 3 | 1) + struct.pack("<d", 1.0)
    return skipped + field(7, b"".join(initializers))


@pytest.mark.parametrize("is_packed", [True, False])
def test_the_float32_arrays_of_an_onnx_file_are_read_by_name_and_others_left_out(is_packed):
    found = onnx_file.read_arrays(onnx(tensor("kernel", is_packed=is_packed), tensor("shape", kind=7)))
    assert list(found) == ["kernel"]
    np.testing.assert_array_equal(found["kernel"], VALUES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        onnx(tensor("kernel"))[:-5],
        onnx(tensor("kernel", raw=b"\0" * 8)),
        field(7, 5),
        varint(1 << 3 | 3),
        b"\xff" * 11,
    ],
    ids=["empty", "cut off", "too few bytes", "no message", "old wire type", "endless number"],
)
def test_what_is_no_whole_onnx_file_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        onnx_file.read_arrays(data)


def package(tmp_path, shards: list[bytes], **changes):
    entries = [{"name": "a/kernel", "shape": [2, 3], "dtype": "float32", **changes}]
    entries += [{"name": "a/bias", "shape": [3], "dtype": "float32"}]
    paths = [f"shard{number}.bin" for number in range(len(shards))]
    layers = [{"class_name": "Dense", "config": {"name": "a"}}]
    model = {
        "modelTopology": {"model_config": {"config": {"layers": layers}}},
        "weightsManifest": [{"paths": paths, "weights": entries}],
    }
    files = dict(zip(paths, shards, strict=True)) | {"model.json": json.dumps(model).encode()}
    with tarfile.open(tmp_path / "package.tgz", "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/net/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return tmp_path / "package.tgz"


def test_the_arrays_of_a_tensorflow_js_model_may_begin_in_one_shard_and_end_in_another(tmp_path):
    data = VALUES.tobytes() + np.ones(3, "<f4").tobytes()
    layers, arrays = tfjs_file.read_model(package(tmp_path, [data[:10], data[10:]]), "package/net")
    assert [layer["config"]["name"] for layer in layers] == ["a"]
    np.testing.assert_array_equal(arrays["a/kernel"], VALUES)
    np.testing.assert_array_equal(arrays["a/bias"], np.ones(3))


@pytest.mark.parametrize(
    ("n_bytes", "changes"), [(40, {}), (32, {}), (36, {"dtype": "int32"}), (36, {"quantization": {"dtype": "uint8"}})]
)
def test_a_tensorflow_js_model_whose_bytes_do_not_fit_its_arrays_is_refused(tmp_path, n_bytes, changes):
    with pytest.raises(ValueError, match=r"."):
        tfjs_file.read_model(package(tmp_path, [b"\0" * n_bytes], **changes), "package/net")
