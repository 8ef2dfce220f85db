"""What holds pictures inside is opened as folders of pictures, or has its own sentence. Oracle: what was put in."""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.ingest.pictures import Tree, on_disk, pattern, picture, take, tree, zipped
from tl_core.datasets.own.splits import SPLITS
from tl_core.errors import InputError
from tl_core.ingest.containers import made, opening, room
from tl_core.ingest.sources import open_source, write_sent_files
from tl_core.ingest.trees import Source
from tl_core.phrases import LANGUAGES, explain, explain_skipped
from tl_core.store.albums import Albums

rng = np.random.default_rng(7)
GREY = rng.integers(0, 256, (12, 20, 20), dtype=np.uint8)
RGB = rng.integers(0, 256, (12, 20, 20, 3), dtype=np.uint8)
LABELS = np.repeat([0, 1, 2], 4)


OPENED: list[Source] = []
"""What a test has opened, closed at its end."""


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_HOME", str(tmp_path / "home"))
    yield
    while OPENED:
        OPENED.pop().close()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def parquet(table: pa.Table, **options: int) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def packed(files: Tree) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


WAYS = {
    "folder": lambda at, files: open_source(on_disk(at / "tree", files), "set"),
    "zip": lambda at, files: open_source(zipped(at / "set.zip", files), "set.zip"),
    "browser": lambda at, files: open_source(write_sent_files(at / "sent", list(files.items())), "set", is_sent=True),
}


def opened(at: Path, files: Tree, way: str = "folder") -> Source:
    at.mkdir(exist_ok=True)
    OPENED.append(WAYS[way](at, files))
    return OPENED[-1]


def alone(at: Path, name: str, data: bytes) -> Source:
    """Opens a single file that a browser sent: what it is called on the disk says nothing."""
    (at / "sent-1.zip").write_bytes(data)
    OPENED.append(open_source(at / "sent-1.zip", name))
    return OPENED[-1]


def counts(source: Source) -> dict[str, int]:
    return dict(Counter(file.rpartition("/")[0] for file in source.files))


def pixels(source: Source, file: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(source.read(file))))


def refused(open_it) -> InputError:
    with pytest.raises(InputError) as caught:
        open_it()
    assert all(explain(caught.value, language) for language in LANGUAGES)
    return caught.value


def left_out(source: Source) -> dict[str, str]:
    told = [{"file": one.file, "code": one.code, "values": one.values} for one in source.unread]
    assert all(explain_skipped(one, language) for one in told for language in LANGUAGES)
    return {one["file"]: one["code"] for one in told}


class TestArrays:
    @pytest.mark.parametrize("way", WAYS)
    def test_an_npz_is_split_and_class_folders_of_its_pictures(self, tmp_path, way):
        data = npz(x_train=GREY, y_train=LABELS, x_test=GREY[:4], y_test=np.array([2, 2, 0, 1]))
        source = opened(tmp_path / "in", {"data/mnist.npz": data}, way)
        assert counts(source) == {
            **{f"train/{name}": 4 for name in "012"},
            **{"test/0": 1, "test/1": 1, "test/2": 2},
        }
        assert (pixels(source, "train/1/000005.png") == GREY[5]).all()
        assert (pixels(source, "test/2/000001.png") == GREY[1]).all()
        source.close()

    def test_an_npz_alone_is_told_by_its_content(self, tmp_path):
        source = alone(tmp_path, "set", npz(images=RGB, labels=LABELS))
        assert counts(source) == {"0": 4, "1": 4, "2": 4}
        assert (pixels(source, "2/000011.png") == RGB[11]).all()

    @pytest.mark.parametrize(
        ("array", "seen"),
        [
            (RGB / 255, RGB),
            (RGB.astype(np.float32), RGB),
            (RGB.astype(np.float64) / 127.5 - 1, RGB),
            (np.moveaxis(RGB, 3, 1), RGB),
            (GREY.reshape(12, 400), GREY),
            (GREY > 127, (GREY > 127) * np.uint8(255)),
            (np.asfortranarray(GREY), GREY),
            (GREY.astype(np.int64), GREY),
        ],
        ids=["0 to 1", "0 to 255", "-1 to 1", "channels first", "flat", "black and white", "Fortran", "whole numbers"],
    )
    def test_pictures_are_what_they_were_however_their_numbers_are_kept(self, tmp_path, array, seen):
        source = alone(tmp_path, "a.npz", npz(data=array, target=LABELS))
        for at in (0, 7, 11):
            assert (pixels(source, f"{LABELS[at]}/{at:06d}.png") == seen[at]).all()

    def test_pictures_of_16_bits_keep_them(self, tmp_path):
        deep = rng.integers(0, 4096, (6, 16, 16), dtype=np.uint16)
        source = alone(tmp_path, "a.npz", npz(x=deep, y=np.array([0, 1] * 3)))
        assert (pixels(source, "0/000002.png") == deep[2]).all()
        colours = npz(x=np.stack([deep] * 3, axis=3), y=np.array([0, 1] * 3))
        data = alone(tmp_path, "a.npz", colours).read("1/000001.png")
        assert data[16:26] == struct.pack(">IIBB", 16, 16, 16, 2)

    def test_the_names_of_the_classes_are_taken_from_the_file(self, tmp_path):
        names = np.array(["cat", "dog", "pen"])
        assert counts(alone(tmp_path, "a.npz", npz(x=GREY, y=LABELS, class_names=names))) == {
            "cat": 4,
            "dog": 4,
            "pen": 4,
        }

    def test_labels_with_one_column_for_each_class_are_understood(self, tmp_path):
        assert counts(alone(tmp_path, "a.npz", npz(x=GREY, y=np.eye(3)[LABELS]))) == {"0": 4, "1": 4, "2": 4}

    @pytest.mark.parametrize("way", WAYS)
    def test_two_npy_files_belong_together(self, tmp_path, way):
        files = {
            "X_train.npy": npy(RGB),
            "y_train.npy": npy(LABELS),
            "X_val.npy": npy(RGB[:3]),
            "y_val.npy": npy(LABELS[:3]),
        }
        source = opened(tmp_path / "in", files, way)
        assert counts(source) == {"train/0": 4, "train/1": 4, "train/2": 4, "validation/0": 3}

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("wrap", [bytes, gzip.compress], ids=["plain", "gzip"])
    def test_idx_is_read_with_and_without_gzip(self, tmp_path, way, wrap):
        ending = ".gz" if wrap is gzip.compress else ""
        files = {
            f"train-images-idx3-ubyte{ending}": wrap(idx(GREY)),
            f"train-labels-idx1-ubyte{ending}": wrap(idx(LABELS.astype(np.uint8))),
            f"t10k-images-idx3-ubyte{ending}": wrap(idx(GREY[:2])),
            f"t10k-labels-idx1-ubyte{ending}": wrap(idx(LABELS[:2].astype(np.uint8))),
        }
        source = opened(tmp_path / "in", files, way)
        assert counts(source) == {"train/0": 4, "train/1": 4, "train/2": 4, "test/0": 2}
        train = next(file for file in source.files if file.startswith("train/2/"))
        assert any((pixels(source, train) == one).all() for one in GREY[8:])

    @pytest.mark.parametrize(
        "arrays",
        [
            {"x": GREY},
            {"features": np.zeros((12, 5)), "labels": LABELS},
            {"images": GREY, "masks": GREY, "labels": LABELS},
            {"x": GREY, "y": LABELS, "label": LABELS},
            {"x": GREY, "y": LABELS[:5]},
        ],
        ids=["no labels", "no pictures", "masks", "two labels", "another length"],
    )
    def test_arrays_that_leave_a_doubt_are_refused_by_their_names(self, tmp_path, arrays):
        error = refused(lambda: alone(tmp_path, "a.npz", npz(**arrays)))
        assert (error.code, error.values["received"]) == ("import_arrays", sorted(arrays))


class TestArraysOfStrangers:
    def test_python_objects_are_never_unpickled(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return (Path(tmp_path / "sprung").touch, ())

        objects = np.array([Trap()] * 12, object)
        for files in ({"a.npz": npz(x=GREY, y=objects)}, {"x.npy": npy(GREY), "y.npy": npy(objects)}):
            assert refused(lambda files=files: opened(tmp_path / "in", files)).code == "import_array_objects"
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize("shape", [(10**12,), (10**6, 10**6), (1,) * 40, (2**63 - 1, 2)])
    def test_a_header_that_promises_more_than_there_is_costs_nothing(self, tmp_path, shape):
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
        error = refused(lambda: alone(tmp_path, "a.npy", head.getvalue() + bytes(100)))
        assert error.code in ("import_damaged", "import_arrays")

    @pytest.mark.parametrize("head", [b"\x93NUMPY", b"\x93NUMPY\1\0\xff\xff{", b"\x93NUMPY\1\0\5\0((((("])
    def test_a_header_that_is_none_is_damaged(self, tmp_path, head):
        assert refused(lambda: alone(tmp_path, "a.npy", head)).code == "import_damaged"

    @pytest.mark.parametrize("wrap", [bytes, gzip.compress])
    def test_idx_that_promises_more_than_there_is_is_damaged(self, tmp_path, wrap):
        data = wrap(struct.pack(">HBBIII", 0, 8, 3, 50_000, 100, 100) + bytes(1000))
        assert refused(lambda: opened(tmp_path / "in", {"train-images-idx3-ubyte.gz": data})).code == "import_damaged"

    def test_a_bomb_of_gzip_is_not_unpacked(self, tmp_path):
        data = gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 2**31, 100, 100) + bytes(1000))
        assert refused(lambda: opened(tmp_path / "in", {"x-idx3-ubyte.gz": data})).code == "import_unpacked"

    def test_more_pictures_than_an_import_may_have_are_refused_by_the_number(self, tmp_path, monkeypatch):
        monkeypatch.setattr(made, "MAX_FILES", 10)
        assert refused(lambda: alone(tmp_path, "a.npz", npz(x=GREY, y=LABELS))).code == "import_entries"

    def test_nothing_is_left_on_the_disk(self, tmp_path):
        source = alone(tmp_path, "a.npz", npz(x=GREY, y=LABELS))
        source.read("0/000000.png")
        source.close()
        assert list((tmp_path / "home").iterdir()) == []

    def test_a_name_of_a_class_never_leads_out_of_its_folder(self, tmp_path):
        names = np.array(["../../etc/passwd", "a/b", "..", "\0x"])
        source = alone(tmp_path, "a.npz", npz(x=GREY, y=np.arange(12) % 4, class_names=names))
        assert all(len(file.split("/")) == 2 and ".." not in file.split("/") for file in source.files)


class TestParquet:
    def table(self, first: int, names: list[str] | None = None, n: int = 6) -> pa.Table:
        rows = [{"image": {"bytes": picture(first + at), "path": f"{at}.png"}, "label": at % 2} for at in range(n)]
        table = pa.Table.from_pylist(rows)
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        told = {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if names else None
        return table.replace_schema_metadata(told)

    @pytest.mark.parametrize("way", WAYS)
    def test_shards_give_their_splits_and_the_schema_the_names(self, tmp_path, way):
        files = {
            "data/train-00000-of-00002.parquet": parquet(self.table(0, ["cat", "dog"])),
            "data/train-00001-of-00002.parquet": parquet(self.table(6, ["cat", "dog"])),
            "data/test-00000-of-00001.parquet": parquet(self.table(12, ["cat", "dog"]), row_group_size=2),
        }
        source = opened(tmp_path / "in", files, way)
        assert counts(source) == {"train/cat": 6, "train/dog": 6, "test/cat": 3, "test/dog": 3}
        assert {source.read(file) for file in source.files} == {picture(at) for at in range(18)}

    def test_a_column_of_bytes_and_one_of_texts_do_as_well(self, tmp_path):
        table = pa.table({"img": [picture(at) for at in range(4)], "breed": ["a", "b", "a", "b"]})
        assert counts(alone(tmp_path, "set.parquet", parquet(table))) == {"a": 2, "b": 2}

    def test_what_holds_no_pictures_is_refused_by_its_columns(self, tmp_path):
        nested = pa.table({"a": [[{"b": [1, 2]}]], "label": [1], "c": [{"d": {"bytes": [b"x"]}}]})
        error = refused(lambda: alone(tmp_path, "set.parquet", parquet(nested)))
        assert (error.code, error.values["received"]) == ("import_parquet", ["a", "label", "c"])

    @pytest.mark.parametrize("broken", [b"PAR1", b"PAR1" + bytes(200) + b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1"])
    def test_what_is_broken_is_damaged(self, tmp_path, broken):
        assert refused(lambda: alone(tmp_path, "set.parquet", broken)).code == "import_damaged"

    def test_cells_that_are_no_pictures_are_left_to_the_door_for_pictures(self, tmp_path):
        table = pa.table({"image": [None, b"x", picture(1), picture(2)], "label": ["a", "a", "a", "b"]})
        record = take(Albums(tmp_path / "home", lambda id: False), alone(tmp_path, "x.parquet", parquet(table)))
        assert record.n_skipped == 2


class TestTablesOfPixels:
    def rows(self, with_header: bool = True) -> bytes:
        lines = [f"label,{','.join(f'pixel{at}' for at in range(400))}"] if with_header else []
        lines += [f"{label},{','.join(map(str, one.reshape(-1)))}" for label, one in zip(LABELS, GREY, strict=True)]
        return "\n".join(lines).encode()

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("with_header", [True, False])
    def test_a_column_for_each_pixel_is_pictures(self, tmp_path, way, with_header):
        files = {"mnist_train.csv": self.rows(with_header), "mnist_test.csv": self.rows(with_header)}
        source = opened(tmp_path / "in", files, way)
        assert counts(source) == {f"{split}/{name}": 4 for split in ("train", "test") for name in "012"}
        assert (pixels(source, "train/1/000006.png") == GREY[6]).all()

    def test_one_column_with_all_pixels_is_pictures_with_the_splits_of_another(self, tmp_path):
        usage = ["Training"] * 8 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
        lines = ["emotion,pixels,Usage"] + [
            f"{label},{' '.join(map(str, one.reshape(-1)))},{use}"
            for label, one, use in zip(LABELS, GREY, usage, strict=True)
        ]
        source = alone(tmp_path, "fer2013.csv", "\n".join(lines).encode())
        assert counts(source) == {"train/0": 4, "train/1": 4, "validation/2": 2, "test/2": 2}
        assert (pixels(source, "test/2/000011.png") == GREY[11]).all()

    @pytest.mark.parametrize(
        "data",
        [
            ",".join("a" * 1_000_000).encode() + b"\n1",
            b"label," + b",".join(b"p" for _ in range(64)) + b"\n1," + b",".join(b"999" for _ in range(64)),
            b"label," + b",".join(b"p" for _ in range(64)) + b"\n1," + b",".join(b"1e300" for _ in range(64)),
            b"\0" * 1000,
        ],
        ids=["a million columns", "no bytes", "huge numbers", "zeros"],
    )
    def test_what_is_no_picture_is_refused(self, tmp_path, data):
        assert refused(lambda: alone(tmp_path, "a.csv", data)).code in ("archive_unknown", "import_damaged")


class TestArchivesInside:
    @pytest.mark.parametrize("way", WAYS)
    def test_one_for_each_class_is_the_class(self, tmp_path, way):
        files = {
            "cat.zip": packed({"1.png": picture(1), "2.png": picture(2)}),
            "dog.zip": packed({"dog/1.png": picture(3)}),
        }
        source = opened(tmp_path / "in", files, way)
        assert counts(source) == {"cat": 2, "dog": 1}
        assert source.read("cat/2.png") == picture(2)

    @pytest.mark.parametrize("way", WAYS)
    def test_train_and_test_keep_their_classes(self, tmp_path, way):
        inner = packed({f"flowers/{name}/{at}.png": picture(at) for name in ("daisy", "rose") for at in range(3)})
        files = {"train.zip": inner, "test.zip": inner, "sampleSubmission.csv": b"id,label\n1,0\n"}
        source = opened(tmp_path / "in", files, way)
        found = counts(source)
        assert found.pop("") == 1
        assert found == {f"{split}/{name}": 3 for split in ("train", "test") for name in ("daisy", "rose")}

    def test_a_single_one_in_the_tree_is_the_tree(self, tmp_path):
        source = opened(tmp_path / "in", {"download/set.zip": packed(tree(a=2, b=2))}, "zip")
        assert counts(source) == {"a": 2, "b": 2}

    def test_one_in_one_in_one_is_named_and_left_out(self, tmp_path):
        deep = packed({"x.zip": packed(tree(a=1)), "y.png": picture(5)})
        source = opened(tmp_path / "in", {"a.zip": deep, "b.zip": packed(tree(c=1))})
        assert left_out(source)["a/x.zip"] == "import_nested"
        assert "a/y.png" in source.files

    def test_a_bomb_inside_is_refused_and_the_rest_is_taken(self, tmp_path):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for at in range(4):
                archive.writestr(f"{at}.png", bytes(40_000_000))
        source = opened(tmp_path / "in", {"bomb.zip": file.getvalue(), "good.zip": packed({"1.png": picture(1)})})
        assert left_out(source) == {"bomb.zip": "archive_ratio"}
        assert source.files == ("good/1.png",)

    def test_too_many_are_refused_by_the_number(self, tmp_path, monkeypatch):
        monkeypatch.setattr(opening, "MAX_CONTAINERS", 2)
        files = {f"{at}.zip": packed({"1.png": picture(at)}) for at in range(3)}
        assert refused(lambda: opened(tmp_path / "in", files)).code == "import_containers"

    def test_what_unpacks_to_more_than_there_is_room_for_is_left_out(self, tmp_path, monkeypatch):
        monkeypatch.setattr(room.Room.__init__, "__defaults__", (500,))
        files = {f"{at}.zip": packed({"1.png": picture(at, 64)}) for at in range(2)}
        assert refused(lambda: opened(tmp_path / "in", files, "zip")).code == "import_unpacked"

    def test_a_member_larger_than_a_picture_is_opened_as_well(self, tmp_path):
        members = {f"{at}.png": picture(at) for at in range(3)} | {
            "noise.png": rng.bytes(30_000_000),
            "2.bin": rng.bytes(25_000_000),
        }
        source = opened(tmp_path / "in", {"cat.zip": packed(members), "dog.zip": packed({"1.png": picture(9)})}, "zip")
        assert source.read("cat/2.png") == picture(2)


class TestTeachableMachines:
    def test_samples_of_a_class_are_the_class_that_the_archive_is_called(self, tmp_path):
        data = packed({f"{at}.jpg": picture(at) for at in range(3)})
        files = {"Class 1-samples.zip": data, "Mug-samples.zip": data}
        assert counts(opened(tmp_path / "in", files)) == {"Class 1": 3, "Mug": 3}
        assert counts(alone(tmp_path, "Mug-samples.zip", data)) == {"Mug": 3}

    def project(self, **more: bytes) -> Tree:
        samples = {f"samples/{label}_{at}.png": picture(10 * label + at) for label in range(2) for at in range(3)}
        meta = {"labels": ["Cat", "Dog / Wolf"], "imageSize": 224, "projectId": "x"}
        return {**samples, "metadata.json": json.dumps(meta).encode(), "model.json": b"{}", "weights.bin": b"x", **more}

    @pytest.mark.parametrize("way", WAYS)
    def test_a_project_of_genai_teachable_machine_has_its_classes(self, tmp_path, way):
        source = opened(tmp_path / "in", self.project(), way)
        assert counts(source) == {"Cat": 3, "Dog - Wolf": 3}
        assert source.read("Dog - Wolf/000002.png") == picture(12)

    def test_a_project_with_sounds_has_its_own_sentence(self, tmp_path):
        files = self.project(**{"samples/0_0.spectrogram": b"x", "samples/0_0.json": b"{}"})
        assert refused(lambda: opened(tmp_path / "in", files)).code == "import_sounds"

    def test_samples_without_names_are_left_as_they_are(self, tmp_path):
        files = self.project() | {"metadata.json": b"[1, 2"}
        assert counts(opened(tmp_path / "in", files))["samples"] == 6


def tgz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.png"), io.BytesIO())
    return file.getvalue()


KINDS = {
    "data.tfrecord": (b"\x10" + bytes(40), "import_tfrecord"),
    "train-00000.tfrecord-00000-of-00010": (b"\x10" + bytes(40), "import_tfrecord"),
    "flowers.tgz": (tgz(), "import_archive"),
    "flowers.tar": (bytes(257) + b"ustar" + bytes(600), "import_archive"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "import_archive"),
    "a.rar": (b"Rar!\x1a\7\0" + bytes(30), "import_archive"),
    "model.h5": (b"\x89HDF\r\n\x1a\n" + bytes(30), "import_hdf5"),
    "digits.mat": (b"MATLAB 5.0 MAT-file" + bytes(200), "import_hdf5"),
    "data.pkl": (pickle.dumps({"data": 1}), "import_pickle"),
    "cifar-10-batches-py/data_batch_1": (pickle.dumps({"data": 1}), "import_pickle"),
    "tensors.pt": (b"PK\3\4" + bytes(30), "import_pickle"),
}


class TestWhatIsNotOpened:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("name", KINDS)
    def test_a_tree_of_only_such_files_has_their_sentence(self, tmp_path, way, name):
        data, code = KINDS[name]
        files = {name: data, "README.md": b"x", "labels.csv": b"a,b\n1,2\n"}
        error = refused(lambda: opened(tmp_path / "in", files, way))
        assert (error.code, error.values["file"]) == (code, name.rpartition("/")[2])

    @pytest.mark.parametrize("name", [name for name in KINDS if not name.endswith(".pt")])
    def test_one_alone_has_its_sentence(self, tmp_path, name):
        data, code = KINDS[name]
        assert refused(lambda: alone(tmp_path, name, data)).code == code

    def test_among_pictures_they_are_left_out_by_name_and_are_no_class(self, tmp_path):
        files = tree(a=2, b=2) | {"c/model.h5": b"x", "x.npz": npz(x=GREY, y=LABELS)}
        source = opened(tmp_path / "in", files)
        assert left_out(source) == {"c/model.h5": "import_hdf5", "x.npz": "import_beside"}
        assert counts(source) == {"a": 2, "b": 2}

    def test_a_tree_of_tiff_pictures_is_refused_by_that_name(self, tmp_path):
        file = io.BytesIO()
        Image.fromarray(pattern(1)).save(file, "TIFF")
        files = {f"{name}/{at}.tif": file.getvalue() for name in "ab" for at in range(3)}
        source = opened(tmp_path / "in", files)
        error = refused(lambda: take(Albums(tmp_path / "home", lambda id: False), source))
        assert (error.code, error.values["received"]) == ("import_all_of_kind", "TIFF")


def test_what_was_opened_becomes_an_album_with_its_classes_and_splits(tmp_path):
    train = np.stack([pattern(at, 32) for at in range(24)])
    test = np.stack([pattern(at, 32) for at in range(24, 30)])
    data = npz(x_train=train, y_train=np.arange(24) % 2, x_test=test, y_test=np.arange(6) % 2)
    albums = Albums(tmp_path / "home", lambda id: False)
    rows = albums.album(take(albums, alone(tmp_path, "a.npz", data)).id).rows
    assert Counter(rows.name.tolist()) == {"0": 15, "1": 15}
    assert Counter(SPLITS[split] for split in rows.split.tolist())["test"] == 6
