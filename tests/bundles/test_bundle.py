"""Trained networks as files: what was downloaded comes back, and nothing else gets in. Rows M01 to M06."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE_S
from safetensors import safe_open

from tests.bundles.bundle_files import (
    CLASSES,
    ENDED,
    SPEC,
    first_version,
    good,
    head,
    header,
    is_first_version,
    keras_file,
    layer,
    packed,
    parts,
    pickled,
    record,
    safetensors,
    told,
    with_network,
    write_run,
    zip_bomb,
    zipped,
)
from tl_core.bundles.bundle import bundle_bytes, read_bundle
from tl_core.bundles.container import MAX_BYTES
from tl_core.bundles.tensors import MAX_JSON_BYTES
from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import BundleError, StoreError
from tl_core.paths import PROJECT

FEW_LINES, LINES_OF_A_BYTE = 5000, 4  # of what it says in JSON; nothing else is looked through


def code_of(data: bytes, file: str = "net.tlnet") -> str:
    with pytest.raises(BundleError) as caught:
        read_bundle(data, file)
    assert caught.value.values["file"] == file
    return caught.value.code


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> bytes:
    return good(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def old(new) -> bytes:
    return first_version(new)


@pytest.fixture(scope="module", params=["new", "old"])
def bundle(request, new, old) -> bytes:
    """A download of today, and one of version 1."""
    return {"new": new, "old": old}[request.param]


@pytest.fixture(scope="module")
def taken_apart(bundle) -> Callable[[], tuple[bytes, dict, bytes]]:
    """Returns the bundle, what it says and its weights, in a form that hypothesis does not print."""
    return lambda: (bundle, *parts(bundle))


class TestWhatWasDownloaded:
    def test_comes_back(self, bundle):
        read = read_bundle(bundle, "C:\\nets\\my run\r\n.tlnet")
        assert (read.file, read.spec, read.model, read.classes) == (
            "my run\ufffd\ufffd.tlnet",
            SPEC,
            "trainable_suffix",
            CLASSES,
        )
        assert (read.name, read.test_accuracy, read.ended_at, read.best_epoch) == ("my run", 0.75, ENDED, 1)
        for name, array in head().items():
            np.testing.assert_array_equal(read.arrays[name], array)
        assert json.loads(read.about()) == {"spec": SPEC.to_dict(), "model": "trainable_suffix", "n_classes": 10}

    def test_is_a_safetensors_file_that_any_program_opens(self, tmp_path):
        path = tmp_path / "net.safetensors"
        path.write_bytes(good(tmp_path))
        with safe_open(path, framework="np") as file:
            assert {name: file.get_tensor(name).tolist() for name in file.keys()} == {  # noqa: SIM118
                name: array.tolist() for name, array in head().items()
            }
            assert set(file.metadata()) == {"about", "network", "crc32"}
            assert json.loads(file.metadata()["network"])["classes"] == list(CLASSES)

    def test_holds_the_numbers_of_the_run_as_they_are(self, tmp_path):
        assert header(good(tmp_path))[1] == header((tmp_path / WEIGHTS_FILE).read_bytes())[1]

    def test_of_either_version_says_the_same(self, old, new):
        first, second = read_bundle(old, "x"), read_bundle(new, "x")
        for name in ("spec", "model", "classes", "name", "test_accuracy", "ended_at", "best_epoch"):
            assert getattr(first, name) == getattr(second, name), name
        assert {name: array.tolist() for name, array in first.arrays.items()} == {
            name: array.tolist() for name, array in second.arrays.items()
        }

    def test_is_the_same_whenever_it_is_downloaded_and_another_for_another_run(self, tmp_path):  # M08
        folders = [tmp_path / name for name in "ab"]
        for seed, folder in enumerate(folders):
            folder.mkdir()
            write_run(folder, head(seed=seed))
        first, second = ([bundle_bytes(folder, record(), CLASSES) for _ in range(2)] for folder in folders)
        assert first[0] == first[1] != second[0] == second[1]
        assert len(first[0]) == len(second[0])
        for folder, mine in ((folders[0], first[0]), (folders[1], second[0])):
            assert header(mine)[1] == header((folder / WEIGHTS_FILE).read_bytes())[1]

    def test_passes_on_the_claims_of_a_run_that_was_brought_in(self, tmp_path):
        claimed = {"name": "first", "test_accuracy": 0.5, "ended_at": "2025-01-01T00:00:00.000+00:00"}
        taken = record(environment={"imported": claimed}, test_accuracy=None, name="猫")
        read = read_bundle(bundle_bytes(write_run(tmp_path), taken, CLASSES), "x")
        assert (read.name, read.test_accuracy, read.ended_at) == ("猫", 0.5, claimed["ended_at"])

    def test_says_how_pictures_are_made_ready_only_where_that_is_not_the_usual_way(self, tmp_path):
        folder, other = write_run(tmp_path), Preparation("fit", "black", 0, 4095)
        plain, bundle = (bundle_bytes(folder, record(), CLASSES, way) for way in (PLAIN, other))
        assert parts(plain)[0]["version"] == 2
        assert "preparation" not in parts(plain)[0]
        assert parts(bundle)[0]["version"] == 3  # which a program that would not follow it refuses
        assert (read_bundle(plain, "x").preparation, read_bundle(bundle, "x").preparation) == (PLAIN, other)

    @pytest.mark.parametrize(
        "said", [..., [], "fit", {"framing": "other"}, {"low": 1}, {"low": 0, "high": 10**9}, {"x": 1}]
    )
    def test_is_refused_where_it_says_something_else_of_it(self, tmp_path, said):
        bundle = bundle_bytes(write_run(tmp_path), record(), CLASSES, Preparation("fit"))
        with pytest.raises(BundleError, match="bundle_network"):
            read_bundle(told(bundle, preparation=said), "x")

    def test_is_not_made_of_damaged_weights(self, tmp_path):
        (tmp_path / WEIGHTS_FILE).write_bytes(b"weights")
        with pytest.raises(StoreError, match="file_damaged"):
            bundle_bytes(tmp_path, record(), CLASSES)

    def test_of_a_network_without_a_test_says_so(self, tmp_path):
        untested = bundle_bytes(write_run(tmp_path), record(test_accuracy=None), CLASSES)
        assert read_bundle(untested, "x").test_accuracy is None


# ---- other people's models: refused by what they are, and never loaded ----

EVIL = "__import__('os').system('touch {marker}')"
LAMBDA = layer(
    "Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None}}
)
PROGRAMS = {
    "lambda": [LAMBDA],
    "nested lambda": [layer("TimeDistributed", layer=layer("Sequential", layers=[LAMBDA]))],
    "os.system": [{"module": "os", "class_name": "system", "config": EVIL, "registered_name": "os.system"}],
    "builtins.exec": [{"module": "builtins", "class_name": "exec", "config": {"source": EVIL}}],
    "subprocess": [{"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "{marker}"]}}],
    "TFSMLayer": [layer("TFSMLayer", filepath="/tmp/evil", call_endpoint="serve")],
    "StringLookup": [layer("StringLookup", vocabulary="/etc/passwd")],
    "Dense(3e8)": [layer("Dense", units=300_000_000)],
    "5000 layers": [layer("Dense", units=1, name=f"d{number}") for number in range(5000)],
}


def refusals(files: dict[str, bytes], folder: Path) -> dict[str, dict]:
    """Has a process of its own refuse files; says code, work and memory of each, and what it has imported."""
    for number, data in enumerate(files.values()):
        (folder / f"{number}.bin").write_bytes(data)
    code = """
import json, sys
from pathlib import Path
from tests.counted import lines_run
from tl_core.errors import BundleError
from tl_core.bundles.bundle import read_bundle
for number in range(int(sys.argv[2])):
    data = Path(sys.argv[1], f"{number}.bin").read_bytes()
    codes = []
    def read():
        try:
            read_bundle(data, "x.keras")
        except BundleError as error:
            codes.append(error.code)
    n_lines = lines_run(read)
    status = Path("/proc/self/status").read_text()  # ru_maxrss counts what the parent process took
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    heavy = sorted({"keras", "tensorflow", "h5py", "pickle5", "torch"} & set(sys.modules))
    print(json.dumps({"code": "".join(codes), "lines": n_lines, "megabytes": peak, "heavy": heavy}))
"""
    command = [sys.executable, "-c", code, str(folder), str(len(files))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return dict(zip(files, map(json.loads, done.stdout.splitlines()), strict=True))


def check_refused(files: dict[str, bytes], folder: Path) -> dict[str, dict]:
    found = refusals(files, folder)
    for name, row in found.items():
        assert row["code"].startswith("bundle_"), (name, row)
        assert row["lines"] < FEW_LINES + LINES_OF_A_BYTE * min(len(files[name]), MAX_JSON_BYTES), (name, row)
        assert row["megabytes"] < 500, (name, row)
        assert row["heavy"] == [], (name, row)
    return found


def test_programs_in_keras_files_are_refused_before_keras_sees_them(tmp_path):  # M01
    marker = tmp_path / "marker"
    files = {}
    for name, layers in PROGRAMS.items():
        files[name] = keras_file(json.loads(json.dumps(layers).replace("{marker}", str(marker))))
    found = check_refused(files, tmp_path)
    assert {row["code"] for row in found.values()} == {"bundle_kind"}
    assert not marker.exists()


@pytest.mark.slow
def test_a_lambda_that_keras_itself_saved_runs_nowhere(tmp_path):  # M01
    marker = tmp_path / "marker"
    code = f"""
import keras
touch = lambda x: (__import__("pathlib").Path({str(marker)!r}).touch(), x)[1]
inner = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(touch)])
keras.Sequential([keras.Input((2,)), inner]).save({str(tmp_path / "evil.keras")!r})
inner.save({str(tmp_path / "evil.h5")!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=PATIENCE_S)
    marker.unlink()  # made while Keras traced the layer: it works
    files = {name: (tmp_path / name).read_bytes() for name in ("evil.keras", "evil.h5")}
    assert {row["code"] for row in check_refused(files, tmp_path).values()} == {"bundle_kind"}
    assert not marker.exists()


def test_hdf5_with_links_to_other_files_is_refused(tmp_path):  # M02
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["key"] = np.arange(3)
    (tmp_path / "raw").write_bytes(bytes(12))
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["outside"] = h5py.ExternalLink(str(secret), "/key")
        file["soft"] = h5py.SoftLink("/outside")
        file.create_dataset("storage", (3,), "i4", external=[(str(tmp_path / "raw"), 0, 12)])
    data = (tmp_path / "links.h5").read_bytes()
    assert code_of(data, "weights.tlnet") == "bundle_kind"
    found = check_refused({"h5": data, "keras": keras_file([], data)}, tmp_path)
    assert {row["code"] for row in found.values()} == {"bundle_kind"}
    said = parts(first_version(good(tmp_path)))[0]
    assert code_of(packed(json.dumps(said).encode(), data)) == "bundle_weights"


def bombs(bundle: bytes) -> dict[str, bytes]:
    said, weights = parts(bundle)
    network, (rows, numbers) = json.dumps(said | {"version": 1}).encode(), header(weights)
    large = {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}
    lying = {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 11_000]}
    many = {f"{at:04d}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * at, 4 * at + 4]} for at in range(5000)}
    about = header(bundle)[0]["__metadata__"]
    nested = {"__metadata__": about | {"about": "[" * 400 + "]" * 400}}
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    files = {
        "shape bomb": safetensors({"__metadata__": about, "0000": large}, bytes(11_000)),
        "shape that lies": safetensors({"__metadata__": about, "0000": lying}, bytes(11_000)),
        "5000 tensors": safetensors({"__metadata__": about} | many, bytes(20_000)),
        "head as long as the world": b"\xff" * 8 + weights[8:],
        "head of 400 levels": safetensors(deep),
        "head of braces": safetensors(b"{" * 100_000),
        "about of 400 levels": safetensors(rows | nested, numbers),
        "quotes": safetensors(b'"' + b'\\"' * 400_000),
    }
    files |= {f"{name}, version 1": packed(network, made) for name, made in files.items()}
    for name, text in {
        "braces": b"{" * 100_000,
        "brackets": b"[" * 100_000,
        "400 levels": deep,
        "quotes and backslashes": b'"' + b'\\"' * 400_000,
        "2 MB of words": json.dumps(said | {"name": "x" * 2**21}).encode(),
        "a long number": network.replace(b'"best_epoch": 1', b'"best_epoch": ' + b"9" * 900_000),
        "many lists": b"[" + b"[]," * 34_000 + b"[]]",
    }.items():
        files[name] = packed(text, weights)
        files[f"{name}, version 2"] = with_network(text.decode(), weights)
    huge = said["spec"] | {"head": "dense", "hidden": 300_000_000}
    files["300 million units"] = told(bundle, spec=huge)
    files["zip bomb"] = zip_bomb(3_500 * 2**20, before=network)
    files["zip bomb in keras clothes"] = zip_bomb(3_500 * 2**20, name="model.weights.h5")
    return files


def test_bombs_are_refused_at_once_and_in_little_memory(new, tmp_path):  # M03
    files = bombs(new)
    assert len(files["zip bomb"]) < 4_000_000
    found = check_refused(files, tmp_path)
    codes = {name: row["code"] for name, row in found.items()}
    assert codes["zip bomb"] == "bundle_packed"
    assert codes["zip bomb in keras clothes"] == "bundle_members"
    assert codes["300 million units"] == "bundle_spec"
    for bomb in ("shape bomb", "shape that lies", "5000 tensors"):
        assert codes[bomb] == codes[f"{bomb}, version 1"] == "bundle_weights"
    assert codes["braces"] == codes["400 levels"] == "bundle_network"


def test_a_file_beyond_the_limit_is_refused_by_its_length():  # M03
    class Long(bytes):
        def __len__(self) -> int:
            return MAX_BYTES + 1

    assert code_of(Long(b"PK\3\4")) == "bundle_bytes"


@pytest.mark.parametrize(
    "names",
    [
        ("../../x", WEIGHTS_FILE),
        ("network.json", "../../weights.safetensors"),
        ("/etc/cron.d/x", WEIGHTS_FILE),
        ("network.json", "C:\\Windows\\x"),
        ("network.json", WEIGHTS_FILE, "../more"),
        (WEIGHTS_FILE, "network.json"),
        ("network.json",),
        ("Network.json", WEIGHTS_FILE),
        ("a.txt", "b\r\nc.txt", "c", "d", "e", "f"),
    ],
)
def test_other_members_are_refused_and_none_is_written(bundle, tmp_path, monkeypatch, names):  # M04
    said, weights = parts(bundle)
    contents = {name: weights if "weights" in name else json.dumps(said).encode() for name in names}
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert code_of(zipped(contents, method)) == "bundle_members"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_our_own_members_packed_by_another_program_are_refused(old):  # M04
    said, weights = parts(old)
    members = {"network.json": json.dumps(said).encode(), WEIGHTS_FILE: weights}
    assert code_of(zipped(members)) == "bundle_packed"
    assert code_of(zipped(members, zipfile.ZIP_STORED) + b"!") == "bundle_damaged"
    assert code_of(old + b"!") == code_of(old + old) == "bundle_damaged"


@pytest.mark.parametrize(
    ("data", "code", "received"),
    [
        (b"", "bundle_empty", None),
        (b"just some notes\nin two lines", "bundle_text", None),
        ("猫和狗".encode(), "bundle_text", None),
        (b'{"class_name": "Sequential"}', "bundle_text", None),
        (b"Rar!\x1a\7\1\0" + bytes(40), "bundle_kind", "RAR"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "bundle_kind", "7z"),
        (b"\x1f\x8b\x08" + bytes(40), "bundle_kind", "gzip"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "bundle_kind", "HDF5 (.h5)"),
        (b"GGUF\3\0\0\0" + bytes(40), "bundle_kind", "GGUF"),
        (safetensors({"a": {}}), "bundle_kind", "safetensors"),
        (safetensors({"__metadata__": {"format": "pt"}, "a": {}}), "bundle_kind", "safetensors"),
        (zipped({"model/saved_model.pb": b"x"}), "bundle_kind", "SavedModel"),
        (zipped({"archive/data.pkl": b"x"}), "bundle_kind", "PyTorch"),
        (zipped({"weights.npy": b"x"}), "bundle_kind", "NumPy (.npz)"),
        (zipped({}), "bundle_damaged", None),
        (bytes(range(256)) * 4, "bundle_unknown", None),
        (b"\0", "bundle_unknown", None),
    ],
)
def test_files_that_only_are_called_like_a_model_are_named_by_what_they_are(data, code, received):  # M05
    with pytest.raises(BundleError) as caught:
        read_bundle(data, "model.keras")
    assert (caught.value.code, caught.value.values.get("received")) == (code, received)


def test_a_pickle_is_refused_and_not_unpickled(old, tmp_path):  # M05
    marker = tmp_path / "marker"
    data = pickled(marker)
    assert code_of(data, "model.keras") == "bundle_kind"
    network = json.dumps(parts(old)[0]).encode()
    assert code_of(packed(network, data)) == "bundle_weights"
    assert code_of(packed(data, parts(old)[1])) == "bundle_network"
    check_refused({"pickle": data}, tmp_path)
    assert not marker.exists()


def test_a_download_that_was_cut_short_anywhere_is_damaged(bundle):  # M05
    codes = {code_of(bundle[:length]) for length in range(60, len(bundle), 997)}
    assert codes <= {"bundle_damaged", "bundle_weights"}
    for length in range(60):
        code_of(bundle[:length])


# ---- weights and labels ----


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(old, new, tmp_path, value):  # M06
    arrays = head()
    arrays["0000"][511, 9] = value
    weights = (write_run(tmp_path, arrays) / WEIGHTS_FILE).read_bytes()
    assert code_of(packed(json.dumps(parts(old)[0]).encode(), weights)) == "bundle_not_finite"
    assert code_of(with_network(header(new)[0]["__metadata__"]["network"], weights)) == "bundle_not_finite"
    with pytest.raises(StoreError, match="file_damaged"):
        bundle_bytes(tmp_path, record(), CLASSES)


@pytest.mark.parametrize(
    "classes",
    [
        *(..., None, [], ["a"], "0123456789", [str(number) for number in range(1001)]),
        *([*"012345678", last] for last in ("0", 9, "", " 9", "x" * 81, "a\nb", "\u202eevil", None, [])),
    ],
    ids=str,
)
def test_a_network_that_does_not_name_its_classes_is_refused(bundle, classes):  # M06
    assert code_of(told(bundle, classes=classes)) == ("bundle_network" if classes is ... else "bundle_classes")


@pytest.mark.parametrize("classes", ["012345678", "0123456789a", "01"])
def test_another_number_of_names_than_of_outputs_is_refused(bundle, classes):  # M06
    with pytest.raises(BundleError) as caught:
        read_bundle(told(bundle, classes=list(classes)), "x")
    assert caught.value.to_dict() == {
        "code": "bundle_n_classes",
        "values": {"file": "x", "named": len(classes), "found": 10},
    }


def test_the_last_layer_has_as_many_outputs_as_are_said(tmp_path):  # M06
    assert code_of(good(tmp_path, arrays=head(9))) == "bundle_n_classes"
    assert code_of(good(tmp_path, arrays={"0000": head()["0000"]})) == "bundle_n_classes"


def test_a_thousand_classes_in_any_script_are_fine(tmp_path):
    classes = tuple(f"类 {number}" for number in range(1000))
    write_run(tmp_path, n_classes=1000)
    assert read_bundle(bundle_bytes(tmp_path, record(), classes), "x").classes == classes


def changed_head(change: Callable[[dict], object]) -> Callable[[dict, bytes], bytes]:
    def made(rows: dict, numbers: bytes) -> bytes:
        return safetensors(change(rows) or rows, numbers)

    return made


WRONG_WEIGHTS = {
    "an unknown type": changed_head(lambda rows: rows["0000"].update(dtype="BF16")),
    "a type that is a list": changed_head(lambda rows: rows["0000"].update(dtype=[])),
    "another shape": changed_head(lambda rows: rows["0000"].update(shape=[512, 11])),
    "a shape without numbers": changed_head(lambda rows: rows["0000"].update(shape=[512, 0])),
    "a negative shape": changed_head(lambda rows: rows["0000"].update(shape=[-512, -10])),
    "a shape of truth values": changed_head(lambda rows: rows["0001"].update(shape=[True])),
    "a shape that is no list": changed_head(lambda rows: rows["0000"].update(shape=5120)),
    "an overlap": changed_head(lambda rows: rows["0001"].update(data_offsets=[0, 40])),
    "a gap": changed_head(lambda rows: rows["0001"].update(data_offsets=[20484, 20524])),
    "offsets that are not whole": changed_head(lambda rows: rows["0001"].update(data_offsets=[20480.0, 20520.0])),
    "offsets turned round": changed_head(lambda rows: rows["0001"].update(data_offsets=[20520, 20480])),
    "one thing more in a row": changed_head(lambda rows: rows["0001"].update(evil=1)),
    "a row that is a number": changed_head(lambda rows: rows.update({"0001": 3})),
    "other names": changed_head(lambda rows: rows.update(extra=rows.pop("0001"))),
    "no names at all": changed_head(lambda rows: {"__metadata__": rows["__metadata__"]}),
    "no texts": changed_head(lambda rows: rows.pop("__metadata__") and None),
    "texts that are a list": changed_head(lambda rows: rows.update(__metadata__=[])),
    "a text that is a number": changed_head(lambda rows: rows["__metadata__"].update(about=1)),
    "no checksum": changed_head(lambda rows: rows["__metadata__"].pop("crc32") and None),
    "another checksum": changed_head(lambda rows: rows["__metadata__"].update(crc32="00000000")),
    "a list for a head": lambda rows, numbers: safetensors(b"[]", numbers),
    "a number for a head": lambda rows, numbers: safetensors(b"1", numbers),
    "a name twice": lambda rows, numbers: safetensors(json.dumps(rows)[:-1].encode() + b',"0000":{}}', numbers),
    "not a number": lambda rows, numbers: safetensors(b'{"a":NaN}', numbers),
    "broken UTF-8": lambda rows, numbers: safetensors(b'{"\xff":1}', numbers),
    "numbers at the end": lambda rows, numbers: safetensors(rows, numbers + bytes(4)),
    "numbers missing": lambda rows, numbers: safetensors(rows, numbers[:-4]),
    "other numbers": lambda rows, numbers: safetensors(rows, bytes(4) + numbers[4:]),
    "nothing": lambda rows, numbers: b"",
    "seven bytes": lambda rows, numbers: bytes(7),
}
NO_HEAD = ("a list for a head", "a number for a head", "not a number", "broken UTF-8", "nothing", "seven bytes")


@pytest.mark.parametrize("name", list(WRONG_WEIGHTS))
def test_weights_are_laid_out_to_the_last_byte_as_we_write_them(new, name):  # M03
    allowed = {"bundle_weights", "bundle_damaged"} | ({"bundle_empty", "bundle_unknown"} if name in NO_HEAD else set())
    allowed |= {"bundle_kind"} if name == "no texts" else set()
    assert code_of(WRONG_WEIGHTS[name](*header(new))) in allowed


@pytest.mark.parametrize("name", list(WRONG_WEIGHTS))
def test_weights_of_version_1_are_laid_out_to_the_last_byte_too(old, name):  # M03
    said, weights = parts(old)
    assert code_of(packed(json.dumps(said).encode(), WRONG_WEIGHTS[name](*header(weights)))) == "bundle_weights"


WRONG_WORDS = {
    "format": ("keras", 1, None, []),
    "version": (0, "1", 1.5, None, True),
    "spec": (None, [], "x", 3),
    "name": ("", "x" * 81, "a\nb", 1, None, "\x1b[31m"),
    "test_accuracy": (-0.1, 1.1, "0.5", True, [], {}),
    "ended_at": ("yesterday", "2026-11-27T10:00:00", 1, None, "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00"),
    "best_epoch": (0, -1, 1.5, None, True, 10**6),
    "evil": (1,),
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG_WORDS.items() for value in values], ids=str
)
def test_words_that_we_would_not_have_written_are_refused(bundle, key, value):
    assert code_of(told(bundle, **{key: value})) == "bundle_network"


@pytest.mark.parametrize("key", ["format", "version", "spec", "model", "classes", "name", "best_epoch"])
def test_nothing_may_be_missing(bundle, key):
    is_in_about = key in ("spec", "model") and not is_first_version(bundle)
    assert code_of(told(bundle, **{key: ...})) == ("bundle_weights" if is_in_about else "bundle_network")


@pytest.mark.parametrize("found", [4, 10**300])
def test_a_newer_format_is_said_to_be_newer(bundle, found):
    assert code_of(told(bundle, version=found)) == "bundle_version"


def test_each_version_has_its_own_outside(old, new):
    assert code_of(told(old, version=2)) == code_of(told(new, version=1)) == "bundle_network"


@pytest.mark.parametrize("n_bytes", [0x0280, 0x0480])
def test_a_length_that_looks_like_a_pickle_is_only_a_length(n_bytes):
    texts = {"about": "", "network": ""}
    rest = n_bytes + 8 - len(safetensors({"__metadata__": texts}))
    data = safetensors({"__metadata__": texts | {"about": "x" * rest}})
    assert data[:2] == n_bytes.to_bytes(2, "little")
    assert code_of(data) == "bundle_network"


def test_a_head_that_another_program_laid_out_is_refused(new):
    rows, numbers = header(new)
    assert code_of(safetensors(json.dumps(rows).encode(), numbers)) == "bundle_damaged"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("head", "evil"), ("epochs", 10**9), ("image_size", 31), ("seed", "x"), ("evil", 1), ("dataset", "a\nb")),
        *(("dataset", "x" * 81), ("hidden", 3 * 10**8), ("learning_rate", {"a": [1]})),
    ],
)
def test_a_setting_that_is_not_known_is_named(bundle, field, value):
    with pytest.raises(BundleError) as caught:
        read_bundle(told(bundle, spec=SPEC.to_dict() | {field: value}), "x")
    assert caught.value.code == "bundle_spec"
    assert field in (caught.value.values["field"], caught.value.values["received"])
    assert len(str(caught.value.values["received"])) <= 60


def test_the_description_and_the_weights_are_of_the_same_network(old):
    assert code_of(told(old, spec=SPEC.to_dict() | {"seed": 5})) == "bundle_differs"
    assert code_of(told(old, model="squeezenet")) == code_of(told(old, model=None)) == "bundle_differs"


def test_a_model_of_an_odd_name_is_refused(tmp_path):
    assert code_of(good(tmp_path, model="os.system")) == "bundle_differs"


@settings(deadline=None, max_examples=100)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_bit_that_was_turned_anywhere_is_noticed(taken_apart, at, bit):
    turned = bytearray(taken_apart()[0])
    turned[at % len(turned)] ^= 1 << bit
    assert code_of(bytes(turned)).startswith("bundle_")


@settings(deadline=None, max_examples=80)
@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"PK\3\4" + bytes(22) + b"\x0c\0"]))
def test_whatever_comes_is_refused_in_one_sentence(data, start):
    assert code_of(start + data).startswith("bundle_")


@settings(deadline=None, max_examples=80)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=9,
    )
)
def test_whatever_the_description_says_is_refused_in_one_sentence(taken_apart, value):
    bundle, said, weights = taken_apart()
    for key in (None, *said):
        changed = value if key is None else said | {key: value}
        try:
            if key is None:
                whole = json.dumps(value)
                made = packed(whole.encode(), weights) if is_first_version(bundle) else with_network(whole, weights)
            else:
                made = told(bundle, **{key: value})
            read_bundle(made, "x")
        except BundleError:
            continue
        assert key in ("name", "test_accuracy", "spec") or said == changed  # {} is a spec of defaults
