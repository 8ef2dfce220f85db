"""Labels in a table beside the pictures. Oracles: what was written into the table."""

import json
from collections import Counter

import pytest

from tests.ingest.pictures import Tree, on_disk, picture, take, zipped
from tl_core.datasets.own.splits import SPLITS, UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.labels.tables import labels_told, read_tables
from tl_core.ingest.places import readings_of
from tl_core.ingest.readings.reading import Reading, Readings
from tl_core.ingest.sources import Sent, open_source, write_sent_files
from tl_core.phrases import LANGUAGES, explain, keys, said
from tl_core.store.albums import Albums

FRUIT = ("apple", "pear", "plum")
FOUR = {f"{at}{k}": name for at, name in enumerate(FRUIT) for k in range(4)}
"""Names of pictures without ending → class: four of each."""


def shown(files: dict[str, bytes | str]) -> Readings:
    """Reads a tree, after making sure that all that is told can be said in both languages."""
    tree = {name: data.encode() if isinstance(data, str) else data for name, data in files.items()}
    readings = readings_of(Sent(list(tree.items())))
    for reading in readings.all:
        for language in LANGUAGES:
            assert all(said(note.to_dict(), language) for note in (*reading.notes, *reading.doubts))
            assert reading.why == "folders" or f"reading.{reading.why}" in keys(language)
    return readings


def first(files: dict[str, bytes | str]) -> Reading:
    readings = shown(files)
    assert readings.is_clear
    return readings.all[0]


def pictures(names=FOUR, folder: str = "images", ending: str = ".jpg") -> Tree:
    return {f"{folder}/{name}{ending}": b"x" for name in names}


def by_class(reading: Reading) -> dict[str, int]:
    return {name: n for name, n in reading.counts().items() if n}


def by_split(reading: Reading) -> dict[str, int]:
    return dict(Counter("" if one.split == UNKNOWN else SPLITS[one.split] for one in reading.placed))


def csv(rows: dict[str, str], header: str = "id,label", sep: str = ",", ending: str = ".jpg") -> str:
    return "\n".join([header] * bool(header) + [f"{name}{ending}{sep}{label}" for name, label in rows.items()]) + "\n"


EACH_FOUR = dict.fromkeys(FRUIT, 4)


class TestFormsOfATable:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("labels.csv", csv(FOUR)),
            ("labels.csv", csv(FOUR, "filename;class", ";")),
            ("labels.tsv", csv(FOUR, "file\tcategory", "\t")),
            ("labels.csv", csv(FOUR, "id,breed", ending="")),
            ("list.txt", csv(FOUR, "", " ")),
            ("list.txt", "# a list of pictures\n" + csv(FOUR, "", "\t", ending="")),
            ("labels.csv", "\ufeff" + csv(FOUR).replace("\n", "\r\n")),
            ("labels.csv", csv({f"images/{name}": label for name, label in FOUR.items()}, "path,label")),
            ("labels.csv", csv({f"C:\\data\\images\\{name}": label for name, label in FOUR.items()}, "path,label")),
            ("labels.csv", csv({f"../../x/{name}": label for name, label in FOUR.items()}, "path,label")),
            ("m.jsonl", "\n".join(json.dumps({"file_name": f"{n}.jpg", "label": c}) for n, c in FOUR.items())),
            ("m.json", json.dumps([{"file": f"{n}.jpg", "label": c, "more": {"a": []}} for n, c in FOUR.items()])),
            ("m.json", json.dumps({f"{n}.jpg": c for n, c in FOUR.items()})),
            ("m.json", json.dumps({c: [f"{n}.jpg" for n in FOUR if FOUR[n] == c] for c in FRUIT})),
            (
                "m.json",
                json.dumps(
                    {
                        "images": [{"id": at, "file_name": f"{n}.jpg"} for at, n in enumerate(FOUR)],
                        "annotations": [
                            {"image_id": at, "category_id": FRUIT.index(c)} for at, c in enumerate(FOUR.values())
                        ],
                        "categories": [{"id": at, "name": name} for at, name in enumerate(FRUIT)],
                    }
                ),
            ),
        ],
    )
    def test_it_is_read_whatever_its_form(self, name, text):
        reading = first(pictures() | {name: text})
        assert by_class(reading) == EACH_FOUR
        assert {one.file: one.name for one in reading.placed} == {f"images/{n}.jpg": c for n, c in FOUR.items()}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    def test_it_is_read_in_chinas_encodings(self, encoding):
        named = {name: {"apple": "苹果", "pear": "梨子", "plum": "李子"}[label] for name, label in FOUR.items()}
        reading = first(pictures() | {"标签.csv": csv(named, "文件,类别").encode(encoding)})
        assert by_class(reading) == {"苹果": 4, "梨子": 4, "李子": 4}

    def test_it_is_read_in_europes_encoding(self):
        named = {name: f"{label} é" for name, label in FOUR.items()}
        reading = first(pictures() | {"labels.csv": csv(named).encode("cp1252")})
        assert set(by_class(reading)) == {f"{name} é" for name in FRUIT}


class TestSplits:
    def test_a_table_for_each_split_with_paths_from_another_machine(self):
        files, rows = {}, {"train": [",train_samples,train_labels"], "test": [",test_samples,test_labels"]}
        for split, n in (("train", 12), ("test", 6)):
            for at in range(n):
                files[f"{split}/{at}.png"] = b"x"
                rows[split].append(f"{at},/path/Data/{split}/{at}.png,{at % 3}")
        tables = {f"{split}.csv": "\n".join(lines) for split, lines in rows.items()}
        reading = first(files | tables)
        assert (by_class(reading), by_split(reading)) == ({"0": 6, "1": 6, "2": 6}, {"train": 12, "test": 6})
        assert all(int(one.file.rpartition("/")[2][:-4]) % 3 == int(one.name) for one in reading.placed)

    def test_metadata_in_the_folder_of_each_split(self):
        files = {}
        for split in ("train", "validation", "test"):
            files |= pictures(folder=split)
            lines = [json.dumps({"file_name": f"{n}.jpg", "label": c}) for n, c in FOUR.items()]
            files[f"{split}/metadata.jsonl"] = "\n".join(lines)
        reading = first(files)
        assert (by_class(reading), by_split(reading)) == (
            dict.fromkeys(FRUIT, 12),
            {"train": 12, "validation": 12, "test": 12},
        )

    def test_a_column_of_splits_is_one(self):
        rows = ["file,split,kind"] + [f"{n}.jpg,{'train' if n[1] < '3' else 'test'},{c}" for n, c in FOUR.items()]
        reading = first(pictures() | {"all.csv": "\n".join(rows)})
        assert (reading.column, by_split(reading)) == ("kind", {"train": 9, "test": 3})

    def test_pictures_of_a_test_without_labels_are_set_aside(self):
        files = pictures(folder="train_images") | pictures(range(900, 906), "test_images")
        names = json.dumps({str(at): name for at, name in enumerate(FRUIT)})
        numbered = {name: str(FRUIT.index(label)) for name, label in FOUR.items()}
        files |= {"train.csv": csv(numbered, "image_id,label"), "label_num_to_disease_map.json": names}
        files |= {"sample_submission.csv": csv(dict.fromkeys(range(900, 906), "0"), "image_id,label")}
        reading = first(files)
        assert by_class(reading) == EACH_FOUR
        assert sorted(reading.unlabelled) == sorted(pictures(range(900, 906), "test_images"))

    def test_lists_of_names_divide_folders_of_classes(self):
        files = {f"images/{name}/{at}.jpg": b"x" for name in ("pie", "soup") for at in range(5)}
        files["meta/train.txt"] = "\n".join(f"{name}/{at}" for name in ("pie", "soup") for at in range(4))
        files["meta/test.txt"] = "pie/4\nsoup/4\n"
        files["meta/classes.txt"] = "pie\nsoup\n"
        reading = first(files)
        assert (by_class(reading), by_split(reading)) == ({"pie": 5, "soup": 5}, {"train": 8, "test": 2})
        assert {one.file for one in reading.placed if one.split == 2} == {"images/pie/4.jpg", "images/soup/4.jpg"}

    def test_a_flat_validation_folder_is_labelled_by_a_text_file_with_boxes_beside(self):  # Tiny ImageNet
        files = {f"set/train/{w}/images/{w}_{at}.JPEG": b"x" for w in ("n01", "n02") for at in range(4)}
        files |= {f"set/val/images/val_{at}.JPEG": b"x" for at in range(4)}
        rows = [f"val_{at}.JPEG\tn0{1 + at % 2}\t0\t{at}\t62\t63" for at in range(4)]
        reading = first(files | {"set/val/val_annotations.txt": "\n".join(rows), "set/wnids.txt": "n01\nn02\n"})
        assert (by_class(reading), by_split(reading)) == ({"n01": 6, "n02": 6}, {"train": 8, "validation": 4})


class TestColumns:
    def test_the_column_called_like_a_label_is_one_and_others_are_offered(self):
        header = "lesion_id,image_id,dx,dx_type,age,sex"
        rows = [
            f"L{at // 2},{n},{c},{('histo', 'follow')[at % 2]},{30 + at}.5,{'mf'[at // 2 % 2]}"
            for at, (n, c) in enumerate(FOUR.items())
        ]
        readings = shown(pictures() | {"HAM.csv": "\n".join([header, *rows])})
        assert (readings.is_clear, readings.all[0].column, by_class(readings.all[0])) == (True, "dx", EACH_FOUR)
        assert {one.column for one in readings.all if one.doubts} >= {"sex"}
        assert {one.group for one in readings.all[0].placed} == {f"L{at}" for at in range(6)}

    def test_two_that_could_be_it_are_a_question(self):
        rows = ["file,colour,shape"] + [f"{n}.jpg,{c},{'ab'[int(n[1]) % 2]}" for n, c in FOUR.items()]
        readings = shown(pictures() | {"all.csv": "\n".join(rows)})
        assert not readings.is_clear
        assert {one.column for one in readings.all if one.labels == "all.csv"} == {"colour", "shape"}

    def test_a_number_and_a_name_for_the_same_are_the_name(self):
        rows = ["file,class_id,class_name"] + [f"{n}.jpg,{FRUIT.index(c)},{c}" for n, c in FOUR.items()]
        assert by_class(first(pictures() | {"all.csv": "\n".join(rows)})) == EACH_FOUR

    def test_one_column_for_each_class_is_the_class(self):
        rows = ["filename, apple, pear, plum"]
        rows += [f"{n}.jpg, " + ", ".join(str(int(c == one)) for one in FRUIT) for n, c in FOUR.items()]
        assert by_class(first(pictures(folder="train") | {"train/_classes.csv": "\n".join(rows)})) == EACH_FOUR

    def test_several_ones_in_a_row_have_their_own_sentence(self):
        rows = ["filename,apple,pear,plum"] + [f"{n}.jpg,1,{int(n[1]) % 2},{int(n[0]) % 2}" for n in FOUR]
        assert refused(pictures() | {"_classes.csv": "\n".join(rows)}).code == "import_several_labels"

    def test_amounts_are_no_classes(self):
        names = [f"{at:03d}" for at in range(80)]
        rows = ["file,age"] + [f"{name}.jpg,{20 + at * 0.7}" for at, name in enumerate(names)]
        error = refused(pictures(names) | {"ages.csv": "\n".join(rows)})
        assert (error.code, error.values["column"]) == ("import_numbers", "age")

    def test_numbers_get_their_names_from_a_list_or_from_the_pictures(self):
        numbered = {name: str(FRUIT.index(label)) for name, label in FOUR.items()}
        assert by_class(first(pictures() | {"l.csv": csv(numbered), "classes.txt": "apple\npear\nplum"})) == EACH_FOUR
        assert (
            by_class(first(pictures() | {"l.csv": csv(numbered), "labels.json": '["apple","pear","plum"]'}))
            == EACH_FOUR
        )
        pets = {f"images/{label}_{name}.jpg": b"x" for name, label in FOUR.items()}
        rows = [f"{label}_{name} {1 + FRUIT.index(label)} 1 1" for name, label in FOUR.items()]
        text = "#Image CLASS-ID SPECIES BREED ID\n" + "\n".join(rows)
        masks = {f"annotations/trimaps/{label}_{name}.png": b"x" for name, label in FOUR.items()}
        reading = first(pets | masks | {"annotations/list.txt": text})
        assert by_class(reading) == EACH_FOUR
        assert {one.file for one in reading.placed} == set(pets)

    def test_rows_without_a_file_and_files_without_a_row_are_counted(self):
        more = pictures(["x1", "x2"])
        reading = first(pictures() | more | {"l.csv": csv(FOUR | {"gone1": "apple", "gone2": "pear", "gone3": "pear"})})
        notes = {note.code: note.values for note in reading.notes}
        assert (notes["rows_without_file"], notes["files_without_label"]) == ({"n": 3}, {"n": 2})
        assert {one.file: one.code for one in reading.left_out} == dict.fromkeys(more, "member_unlabelled")


def refused(files: dict[str, bytes | str]) -> InputError:
    try:
        error = shown(files).all[0].refusal
    except InputError as raised:
        error = raised
    assert error is not None
    assert all(explain(error, language) for language in LANGUAGES)
    return error


VOC = "<annotation><object><bndbox><xmin>1</xmin></bndbox></object></annotation>"


class TestBoxes:
    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({f"labels/{name}.txt": "0 0.5 0.5 0.9 0.9\n1 0.1 0.1 0.2 0.2\n" for name in FOUR}, "import_boxes_yolo"),
            ({f"{name}.txt": "0 0.5 0.5 0.9 0.9\n1 0.1 0.1 0.2 0.2\n" for name in FOUR}, "import_boxes"),
            ({f"xmls/{name}.xml": VOC for name in FOUR}, "import_boxes_voc"),
            (
                {"_annotations.coco.json": json.dumps({"images": [], "annotations": [{"bbox": [1, 2, 3, 4]}]})},
                "import_boxes_coco",
            ),
            ({"boxes.json": json.dumps({"images": [], "annotations": [{"bbox": [1, 2, 3, 4]}]})}, "import_boxes"),
            (
                {
                    "_annotations.csv": "filename,class,xmin,ymin,xmax,ymax\n"
                    + "".join(f"{name}.jpg,{label},1,2,3,4\n{name}.jpg,pear,5,6,7,8\n" for name, label in FOUR.items())
                },
                "import_boxes",
            ),
        ],
        ids=["YOLO", "YOLO by content", "VOC", "COCO", "COCO by content", "a table"],
    )
    def test_a_detection_set_has_its_own_sentence(self, more, code):
        assert refused(pictures() | more).code == code

    def test_folders_of_classes_with_boxes_beside_are_classes(self):
        files = {f"Images/{label}/{name}.jpg": b"x" for name, label in FOUR.items()}
        boxes = {f"Annotation/{name}.xml": VOC for name in FOUR}
        assert labels_told(files | boxes, []) == ([], None)
        assert shown(files | boxes).all[0].classes


class TestTablesOfStrangers:
    @pytest.mark.parametrize(
        "text",
        [
            b"\0\0\0",
            b"",
            b"\n\n",
            b"\xff\xfe",
            b"a," * 1_000_000,
            b'"never closed,1\n' * 100,
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"id,label\n../../etc/passwd,x\n/etc/passwd,y\nC:\\x,z\n",
            b"id,label\n" + b"=cmd|' /C calc'!A0,x\n" * 10,
        ],
    )
    @pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json", "a.jsonl", "train.tsv"])
    def test_what_is_no_table_of_these_pictures_is_passed_over(self, name, text):
        files = {f"{kind}/{at}.png": b"x" for kind in FRUIT for at in range(3)}
        source = Sent([*files.items(), (name, text)])
        assert labels_told(source.files, read_tables(source)) == ([], None)
        assert shown(files | {name: text}).is_clear

    def test_a_label_is_only_ever_a_text(self):
        bad = dict(zip(FRUIT, ("../../etc", "a\0b", "<script>"), strict=True))
        reading = first(pictures() | {"m.json": json.dumps({f"{n}.jpg": bad[c] for n, c in FOUR.items()})})
        assert reading.classes == ("../../etc", "<script>", "a b")


@pytest.mark.parametrize("way", ["folder", "zip", "browser"])
def test_an_album_has_the_labels_of_the_table_however_it_came(tmp_path, monkeypatch, way):
    monkeypatch.setenv("TL_HOME", str(tmp_path / "home"))
    files = {f"images/{name}.jpg": picture(at, 32) for at, name in enumerate(FOUR)} | {"labels.csv": csv(FOUR).encode()}
    source = {
        "folder": lambda: open_source(on_disk(tmp_path / "tree", files), "set"),
        "zip": lambda: open_source(zipped(tmp_path / "set.zip", files), "set.zip"),
        "browser": lambda: open_source(write_sent_files(tmp_path / "in", list(files.items())), "set", is_sent=True),
    }[way]()
    albums = Albums(tmp_path / "home", lambda id: False)
    album = albums.album(take(albums, source).id)
    assert dict(zip(album.rows.file, album.rows.name, strict=True)) == {f"{n}.jpg": c for n, c in FOUR.items()}
