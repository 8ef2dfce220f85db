"""The question what folders mean, on the page of the data."""

import pytest
from patience import until

from tests.ingest.pictures import picture, zipped
from tests.ingest.two_readings import twice
from tl_core.engine.executors.process import start_module
from tl_core.engine.imports import import_queue, uploads
from tl_core.engine.imports.import_snapshot import ImportState
from tl_core.phrases import phrase
from tl_core.store.access import Visitor

LANGUAGES = ("en", "zh")
ANNA = Visitor("anna")
HOSTILE = "**b** <img src=x onerror=alert(1)>"


@pytest.fixture
def asking(engine, home, monkeypatch):
    """Brings a tree that can be understood in two ways, in Anna's name, and waits for the question."""

    def start(_, *told, **more):
        return start_module("tests.engine.imports.asking_process", *told, **more)

    monkeypatch.setattr(import_queue, "start_module", start)

    def bring(files=None) -> str:
        path = uploads.write_archive(home, zipped(home / "made.zip", files or twice()).read_bytes())
        id = engine.imports.start(path, by=ANNA, name=HOSTILE, is_sent=True)
        until("the import asks", lambda: engine.imports.look(id, by=ANNA).state is ImportState.ASKING)
        return id

    return bring


def labels(elements) -> list[str]:
    return [element.label for element in elements]


def texts(elements) -> str:
    return "\n".join(element.value for element in elements)


def press(app, label: str):
    return next(one for one in app.button if one.label == label).click().run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_readings_are_shown_in_words_and_pictures_with_a_button_each(visit, asking, language):
    asking()
    app = visit("data", language, owner="anna")
    assert not app.exception
    assert not app.error
    titles = [one.value for one in app.subheader]
    assert titles == [phrase(language, "data.reading_best", n=1), phrase(language, "data.reading", n=2)]
    told = texts(app.markdown)
    for words in ("cup", "evening", "notes.png", phrase(language, "level.group"), phrase(language, "reading.folders")):
        assert words in told
    assert phrase(language, "note.classes_alike", classes="x")[:6] in texts(app.warning)
    assert {phrase(language, "data.reading_take", n=n) for n in (1, 2)} <= set(labels(app.button))
    shown = next(one.proto.body for one in app.get("html") if "tl-examples" in one.proto.body)
    assert shown.count("data:image/jpeg;base64,") == 6
    assert f'alt="{phrase(language, "data.reading_example", n=1, name="cup")}"' in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chosen_reading_becomes_the_data_set_and_its_classes_are_said(visit, engine, asking, language):
    id = asking()
    app = visit("data", language, owner="anna")
    press(app, phrase(language, "data.reading_take", n=2))
    until("the import is done", lambda: engine.imports.look(id, by=ANNA).state is ImportState.DONE)
    app.run()
    assert not app.exception
    assert "evening" in texts(app.success)
    assert "morning" in texts(app.success)
    assert app.metric[0].value == "2"
    assert not app.subheader
    (record,) = engine.albums.listed(by=ANNA)
    assert engine.albums.info(record.id).classes == ("evening", "morning")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_can_be_cancelled(visit, engine, asking, language):
    id = asking()
    app = visit("data", language, owner="anna")
    press(app, phrase(language, "data.cancel"))
    assert engine.imports.look(id, by=ANNA).state is ImportState.CANCELLED
    assert not app.subheader
    assert phrase(language, "data.import_cancelled", name="").split("。")[0][:4] in texts(app.info)


def test_nobody_else_sees_the_question(visit, asking):
    asking()
    assert not visit("data", owner="ben").subheader


def test_names_of_classes_are_shown_literally(visit, asking):  # Z10
    name = "<img src=x onerror=alert(1)>"
    asking({f"{time}/{thing}/1.png": picture(at) for at, (time, thing) in enumerate([("a", name), ("b", "y")])})
    app = visit("data", owner="anna")
    assert not app.exception
    assert not any(name in one.proto.body for one in app.get("html"))
    assert name not in texts(app.markdown)


def test_the_head_of_ones_own_data_says_its_classes(visit, engine):
    files = [(f"{name}/{at}.png", picture(100 * place + at)) for place, name in enumerate("ab") for at in range(8)]
    engine.imports.import_now(files, by=ANNA, name="mine")
    told = texts(visit("data", owner="anna").markdown)
    assert "2 classes in training, validation and test: a, b; 16 pictures." in told
