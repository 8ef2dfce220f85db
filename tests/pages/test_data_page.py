"""The page of the data: for whoever brought pictures, for others, and for those of the catalogue."""

import io
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from pages.ui.text import literal
from tl_core.datasets.own.edits import dropped
from tl_core.engine.imports.import_queue import ImportState
from tl_core.errors import StoreError, UnknownIdError
from tl_core.phrases import phrase
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.limits import Limits
from tl_core.store.records import Visibility

LANGUAGES = ("en", "zh")
ANNA, BEN, TEACHER = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
HOSTILE = "**b** <img src=x onerror=alert(1)> :red[x] $1$"


def photo(seed: int, size: int = 40) -> bytes:
    """A picture of its own, as PNG: coarse noise, so that no two are twins."""
    cells = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def tree(*names: str, n: int = 8) -> list[tuple[str, bytes]]:
    return [(f"{name}/{at}.png", photo(place * 100 + at)) for place, name in enumerate(names) for at in range(n)]


@pytest.fixture
def brought(engine):
    """A data set of Anna's with two classes and a file that was left out."""
    files = [*tree("apple", "pear"), ("pear/notes.png", b"no picture")]
    return engine.imports.import_now(files, by=ANNA, name=HOSTILE, source="fruit.zip")


def texts(elements) -> list[str]:
    return [element.value for element in elements]


def labels(elements) -> list[str]:
    return [element.label for element in elements]


def look_at(app, part: str, language: str = "en"):
    word = phrase(language, "data.part")
    return next(one for one in app.segmented_control if one.label == word).set_value(part).run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_of_the_catalogue_are_shown_with_source_and_licence(visit, language):
    app = visit("data", language)
    assert not app.exception
    assert app.title[0].value == phrase(language, "data.title")
    assert any("Klasson" in text and "MIT" in text for text in texts(app.caption))
    assert [metric.value for metric in app.metric] == ["14", "586", "146", "661"]
    assert phrase(language, "data.rename") not in labels(app.button)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["pictures", "classes", "twins", "left_out"])
def test_every_part_of_ones_own_data_can_be_looked_at(visit, brought, language, part):
    app = look_at(visit("data", language, owner="anna"), part, language)
    assert not app.exception
    assert not app.error
    assert literal(HOSTILE) in texts(app.header)
    assert [metric.value for metric in app.metric] == ["2", "12", "2", "2"]
    assert {phrase(language, "data.rename"), phrase(language, "data.delete")} <= set(labels(app.button))


def test_what_was_left_out_is_listed_with_its_reason_to_its_owner_only(visit, engine, brought):
    app = look_at(visit("data", owner="anna"), "left_out")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["file"] == "pear/notes.png"
    assert "notes.png" in row["reason"]
    engine.albums.share(brought.id, Visibility.CLASS, by=ANNA)
    others = look_at(visit("data", owner="ben"), "left_out")
    assert not others.dataframe
    assert phrase("en", "data.left_out_private") in texts(others.info)


def test_private_data_are_nobody_elses(visit, brought):
    app = visit("data", owner="ben")
    chooser = next(one for one in app.selectbox if one.label == phrase("en", "data.choose"))
    assert not any(phrase("en", "data.own_mark") in option for option in chooser.options)
    app.session_state["kept"] = {"owner": "ben", "data-shown": brought.id}
    assert "fruit.zip" not in " ".join(texts(app.run().caption))


def test_shared_data_can_be_looked_at_and_trained_with_but_not_changed(visit, engine, brought):
    engine.albums.share(brought.id, Visibility.CLASS, by=ANNA)
    app = visit("data", owner="ben")
    assert literal(HOSTILE) in texts(app.header)
    changing = {phrase("en", f"data.{word}") for word in ("rename", "delete", "split_again", "save_classes")}
    assert not changing & set(labels(app.button)) | changing & set(labels(look_at(app, "classes").button))
    assert phrase("en", "data.train") in labels(app.button)


def test_the_instructor_may_change_everybodys_data(visit, brought):
    app = visit("data", owner="carla", is_instructor=True)
    assert phrase("en", "data.delete") in labels(app.button)


def test_the_split_is_drawn_anew_with_another_seed_and_the_page_goes_on_with_what_came_of_it(visit, engine, brought):
    app = look_at(visit("data", owner="anna"), "classes")
    next(one for one in app.number_input if one.label == phrase("en", "data.seed")).set_value(7)
    next(one for one in app.button if one.label == phrase("en", "data.split_again")).click().run()
    assert not app.exception
    (record,) = engine.albums.listed(by=ANNA)
    assert record.id != brought.id
    assert engine.albums.album(record.id).seed == 7
    assert literal(HOSTILE) in texts(app.header)


def test_data_that_cannot_be_trained_on_say_why_and_are_not_offered_in_the_lab(visit, engine):
    engine.imports.import_now(tree("only"), by=ANNA, name="one class", class_name="only")
    app = visit("data", owner="anna")
    assert any("Not ready for training" in text for text in texts(app.warning))
    assert phrase("en", "data.train") not in labels(app.button)
    lab = visit("lab", owner="anna")
    assert "one class" not in next(one for one in lab.selectbox if one.label == phrase("en", "lab.data")).options


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lab_offers_ones_own_data_and_trains_on_few_pictures_without_a_question(visit, engine, brought, language):
    app = visit("lab", language, owner="anna")
    chooser = next(one for one in app.selectbox if one.label == phrase(language, "lab.data"))
    assert HOSTILE in chooser.options
    chooser.set_value(brought.id).run()
    assert not app.exception
    assert not app.error
    assert phrase(language, "lab.batch_limited", n=12) in texts(app.caption)
    next(one for one in app.button if one.key == "train").click().run()
    run = engine.runs.list_runs(by=ANNA)[-1]
    assert (run.spec["dataset"], run.spec["batch_size"]) == (brought.id, 12)
    assert run.environment["data"]["classes"] == ["apple", "pear"]


def test_somebody_elses_private_data_cannot_be_trained_on(engine, brought):
    spec = RunSpec(dataset=brought.id, batch_size=4, n_frozen=19)
    with pytest.raises(UnknownIdError):
        engine.runs.submit(spec, by=BEN, name="not mine")
    renamed = engine.runs.submit(RunSpec(n_frozen=19), by=BEN, name="run")
    engine.runs.rename(renamed.id, brought.id, by=BEN)  # a run that is only called so opens no door
    with pytest.raises(UnknownIdError):
        engine.runs.submit(spec, by=BEN, name="not mine")
    assert engine.runs.submit(spec, by=ANNA, name="mine").owner == "anna"


def test_who_trained_on_data_goes_on_with_them_after_they_were_changed_or_deleted(engine, brought):
    spec = RunSpec(dataset=brought.id, batch_size=4, n_frozen=19)
    engine.runs.submit(spec, by=ANNA, name="first")
    engine.albums.change(brought.id, lambda album: dropped(album, [0], True), by=ANNA)
    assert engine.runs.submit(spec, by=ANNA, name="again", is_afresh=True).spec["dataset"] == brought.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_to_private_data_leads_others_to_the_usual_ones_and_says_so(visit, brought, language):
    app = visit("lab", language, owner="ben", dataset=brought.id)
    assert not app.exception
    chooser = next(one for one in app.selectbox if one.label == phrase(language, "lab.data"))
    assert chooser.value == RunSpec.dataset
    assert any(phrase(language, "field.dataset") in text for text in texts(app.markdown))
    mine = visit("lab", language, owner="anna", dataset=brought.id)
    assert next(one for one in mine.selectbox if one.label == phrase(language, "lab.data")).value == brought.id


def finished(engine, by: Visitor):
    """Waits for the visitor's imports, and returns them, the latest first."""
    deadline = threading.Event()
    for _ in range(600):
        mine = engine.imports.mine(by=by)
        if mine and all(one.state.is_finished for one in mine):
            return mine
        deadline.wait(0.1)
    raise TimeoutError(mine)


def zipped(files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files:
            made.writestr(name, data)
    return file.getvalue()


def test_a_zip_is_taken_in_by_a_process_of_its_own_and_opened(visit, engine, home):
    app = visit("data", owner="anna")
    app.file_uploader[0].upload("my fruit.zip", zipped(tree("苹果", "梨")), "application/zip")
    app.run()
    next(one for one in app.button if one.label == phrase("en", "data.take_in")).click().run()
    assert not app.exception
    (one,) = finished(engine, ANNA)
    assert (one.state, one.error) == (ImportState.DONE, None)
    app.run()
    assert "my fruit" in texts(app.header)
    told = phrase("en", "data.import_done_all", name="my fruit")
    assert f"{told} 2 classes in training, validation and test: 梨, 苹果; 16 pictures." in texts(app.success)
    assert list((home / "uploads").iterdir()) == []  # Z15: what was sent is gone from disk and from the field
    assert not app.file_uploader[0].value


@pytest.mark.parametrize(
    ("name", "data", "word"), [("fruit.rar", b"Rar!\x1a\x07\x00rest", "RAR"), ("a.zip", b"", "0 bytes")]
)
def test_what_is_no_zip_gets_one_sentence_and_leaves_nothing(visit, engine, home, name, data, word):
    app = visit("data", owner="anna")
    app.file_uploader[0].upload(name, data, "application/zip")
    app.run()
    next(one for one in app.button if one.label == phrase("en", "data.take_in")).click().run()
    finished(engine, ANNA)
    app.run()
    assert not app.exception
    (error,) = texts(app.error)
    assert word in error
    assert engine.albums.listed(by=ANNA) == []
    assert list((home / "uploads").iterdir()) == []


def test_nobody_has_more_data_sets_than_allowed(visit, engine, brought):
    engine.classroom.set_limits(Limits(datasets=1), by=TEACHER)
    app = visit("data", owner="anna")
    app.file_uploader[0].upload("more.zip", zipped(tree("a", "b")), "application/zip")
    app.run()
    next(one for one in app.button if one.label == phrase("en", "data.take_in")).click().run()
    assert texts(app.error) == [phrase("en", "errors.too_many_datasets", found=1, allowed=1)]
    assert engine.imports.mine(by=ANNA) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_of_the_catalogue_are_compared_with_each_other_too(visit, language):
    app = look_at(visit("data", language), "twins", language)
    assert not app.exception
    assert phrase(language, "data.no_twins") in texts(app.success)
    assert phrase(language, "data.one_of_each", n=1) not in labels(app.button)


def test_data_sets_of_one_name_are_told_apart_and_none_takes_the_place_of_a_bundled_one(visit, engine):
    bundled = phrase("en", f"dataset.{RunSpec.dataset}.name")
    files = [tree("apple", "pear"), tree("plum", "fig"), tree("kiwi", "lime")]
    names = ["My pictures", "My pictures", bundled]
    records = [engine.imports.import_now(one, by=ANNA, name=name) for one, name in zip(files, names, strict=True)]
    lab = visit("lab", owner="anna")
    chooser = next(one for one in lab.selectbox if one.label == phrase("en", "lab.data"))
    assert len(set(chooser.options)) == len(chooser.options)
    assert chooser.options[0] == bundled
    for record in records:
        chooser = next(one for one in lab.selectbox if one.label == phrase("en", "lab.data"))
        chooser.set_value(record.id).run()
        assert lab.session_state["kept"]["dataset"] == record.id


@pytest.mark.parametrize("file", ["about.json", "pictures.parquet"])
def test_a_damaged_data_set_says_so_spoils_no_page_and_can_be_deleted(visit, engine, home, brought, file):
    (home / "datasets" / "own" / brought.id / file).write_bytes(b"no more")
    for page in ("lab", "runs", "classroom", "classify"):
        app = visit(page, owner="anna")
        assert not app.exception
        assert not app.error
    app = visit("data", owner="anna")
    assert not app.exception
    (error,) = texts(app.error)
    assert file in error
    assert phrase("en", "data.delete") in labels(app.button)
    engine.albums.delete(brought.id, by=ANNA)
    assert not visit("data", owner="anna").error


def test_a_refused_change_is_not_tried_again_by_itself(visit, engine, brought, monkeypatch):
    tried = []

    def refuse(*told, **more):
        tried.append(told)
        raise StoreError("disk_full", needed_bytes=1, free_bytes=0)

    monkeypatch.setattr(engine.albums, "change", refuse)
    app = look_at(visit("data", owner="anna"), "classes")
    next(one for one in app.toggle if one.label == phrase("en", "data.can_flip") and one.key != "new-flip").set_value(
        False
    ).run()
    assert len(tried) == 1
    assert any("disk" in error for error in texts(app.error))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("repair", "classes"), [("fill", "3"), ("leave_out", "2"), ("split_again", "3")])
def test_a_split_that_lacks_a_class_is_repaired_by_one_click(visit, engine, language, repair, classes):
    files = [(f"{split}/{file}", data) for split in ("train", "test") for file, data in tree("apple", "pear")]
    files = [(file, photo(at)) for at, (file, _) in enumerate(files)]
    files += [(f"train/plum/{at}.png", photo(500 + at)) for at in range(8)]
    record = engine.imports.import_now(files, by=ANNA, name="fruit")
    app = visit("data", language, owner="anna")
    assert phrase(language, "note.lacks_test", classes="plum") in app.warning[0].value
    assert phrase(language, "data.train") not in labels(app.button)
    next(one for one in app.button if one.label == phrase(language, f"data.repair_{repair}")).click().run()
    assert not app.exception
    assert app.metric[0].value == classes
    assert phrase(language, "data.train") in labels(app.button)
    assert engine.albums.listed(by=ANNA)[0].former == [record.id]
    assert not any(one.key == "repair-split_again" for one in app.button)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_two_classes_that_look_alike_are_shown_as_a_question(visit, engine, language):
    file = io.BytesIO()
    Image.open(io.BytesIO(photo(900, 120))).save(file, "JPEG", quality=40)
    files = [*tree("apple", "pear"), ("apple/x.png", photo(900, 120)), ("pear/x.jpg", file.getvalue())]
    engine.imports.import_now(files, by=ANNA, name="fruit")
    app = look_at(visit("data", language, owner="anna"), "twins", language)
    assert not app.exception
    assert phrase(language, "data.look_alike") in texts(app.markdown)


def test_the_import_is_told_what_belongs_together(visit, engine):
    app = visit("data", owner="anna")
    app.file_uploader[0].upload("people.zip", zipped(tree("a", "b")), "application/zip")
    app.run()
    box = next(one for one in app.selectbox if one.label == phrase("en", "data.groups"))
    box.set_value("names").run()
    assert box.options[:2] == [phrase("en", "data.groups_auto"), phrase("en", "data.groups_none")]
