import io
import struct
import zlib

import numpy as np
import pytest
from fake_runs import record_finished
from PIL import Image

from pages.ui import services
from tl_core.datasets.contents import contents
from tl_core.paths import ASSETS
from tl_core.phrases import phrase
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import Visibility

SAMPLES = ASSETS / "samples"
LANGUAGES = ("en", "zh")


def upload(app, *files: tuple[str, bytes], language: str = "en"):
    next(c for c in app.segmented_control if c.label == phrase(language, "classify.way")).set_value("upload").run()
    for name, data in files:
        app.file_uploader[0].upload(name, data, "image/jpeg")
    return app.run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_finished_run_the_page_says_what_to_do(visit, language):
    app = visit("classify", language)
    assert not app.exception
    assert app.title[0].value == phrase(language, "classify.title")
    assert app.info[0].value == phrase(language, "classify.no_runs")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_run_its_baseline_and_the_untouched_backbone_stand_side_by_side(visit, pair, language):
    app = visit("classify", language, run=pair[0])
    assert not app.exception
    assert app.multiselect[0].value == list(pair)
    shown = [element.value for element in app.markdown]
    for role in ("run", "baseline", "backbone"):
        assert f"**{phrase(language, f'classify.{role}')}**" in shown
    wrong = f":orange[✗ {phrase(language, 'classify.wrong')}]"  # the first sample shows a Granny Smith
    assert shown.count(f"{phrase(language, 'class.anjou')} · 75% · {wrong}") == 2
    assert "tench, Tinca tinca · 75%" in " ".join(shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_reachable", [True, False])
def test_a_backbone_without_classifier_says_so_and_offers_the_download_where_it_can_be_had(
    visit, engine, monkeypatch, language, is_reachable
):
    monkeypatch.setattr("tl_core.download.is_reachable", lambda address: is_reachable)
    begun = []
    monkeypatch.setattr("tl_core.models.fetched_top.fetch_top", lambda *args, **more: begun.append(args[0]))
    services.is_reachable.clear()
    run = record_finished(engine.store, plan_run({"backbone": "vgg16"}), 0.8, role="run", name="large")
    app = visit("classify", language, run=run)
    assert not app.exception
    assert phrase(language, "classify.no_classifier", backbone="VGG16") in " ".join(one.value for one in app.markdown)
    buttons = [button for button in app.button if button.key == "fetch-vgg16"]
    assert len(buttons) == is_reachable
    offline = phrase(language, "classify.no_internet")
    assert any(offline in one.value for one in app.caption) != is_reachable
    if buttons:
        buttons[0].click().run()
        engine.requests.fetched_top("vgg16").wait()
        assert begun == ["vgg16"]
    services.is_reachable.clear()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shares_of_an_svm_are_said_to_be_no_probabilities(visit, engine, language):
    said = phrase(language, "classify.svm_scores")
    for head, is_said in (("svm", True), ("linear", False), ("logistic", False)):
        run = record_finished(engine.store, plan_run({"head": head}), 0.8, role="run", name=head)
        app = visit("classify", language, run=run)
        assert not app.exception
        assert (said in [caption.value for caption in app.caption]) == is_said


def test_an_uploaded_picture_is_classified(visit, pair):
    app = upload(visit("classify", run=pair[0]), ("apple.jpg", (SAMPLES / "granny_smith_1.jpg").read_bytes()))
    assert not app.exception
    assert not app.error
    assert "apple" in " ".join(caption.value for caption in app.caption)


def test_a_bad_file_gets_one_sentence_that_names_it_and_the_good_one_is_classified(visit, pair):
    good = (SAMPLES / "orange_1.jpg").read_bytes()
    app = upload(visit("classify", run=pair[0]), ("notes.png", b"just some text"), ("orange.jpg", good))
    assert not app.exception
    (error,) = app.error
    assert "notes" in error.value
    assert "Anjou · 75%" in [element.value for element in app.markdown]


def test_a_picture_that_claims_3600_megapixels_is_refused_before_it_is_decoded(visit, pair):
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    app = upload(visit("classify", run=pair[0]), ("poster.png", bomb))
    assert not app.exception
    (error,) = app.error
    assert "poster" in error.value
    assert "60,000" in error.value or "60000" in error.value


@pytest.fixture
def pressed(monkeypatch):
    """Presses a sample, which AppTest cannot do; returns what was offered: name and badge of each."""
    offered = []

    def press(place: int) -> list:
        def gallery(tiles, **told):
            offered[:] = [(tile.about, tile.badge) for tile in tiles]
            return [place]

        monkeypatch.setattr("pages.classify.samples.gallery", gallery)
        return offered

    return press


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_of_no_class_says_what_a_closed_world_means(visit, pair, pressed, language):
    offered = pressed(5)
    app = visit("classify", language, run=pair[0])
    assert offered[5] == (phrase(language, "sample.cat_1"), phrase(language, "classify.no_class"))
    assert phrase(language, "classify.closed_world") in [info.value for info in app.info]
    assert not [one for one in app.markdown if "✗" in one.value or "✓" in one.value]


def test_samples_follow_the_data_of_the_run_and_the_right_answer_is_marked(visit, engine, workers, pressed):
    workers[0].n_classes = 10
    spec = plan_run({"dataset": "cifar10-small", "image_size": 96})
    run = record_finished(engine.store, spec, 0.8, role="run", name="cifar")
    offered = pressed(0)
    app = visit("classify", run=run)
    assert not app.exception
    assert [name for name, _ in offered][:2] == ["Airplane, a test picture", "Automobile, a test picture"]
    assert (len(offered), offered[10:]) == (12, [("Cat", ""), ("Espresso", "no class")])
    assert "Airplane · 75% · :green[✓ right]" in [one.value for one in app.markdown]


def test_a_classmate_s_run_is_offered_in_their_name(visit, engine, pair):
    engine.classroom.name_me("Carla", by=OPERATOR)
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    options = visit("classify", owner="anna").multiselect[0].options
    assert all(" · Carla · " in option for option in options)
    assert not any("Carla" in option for option in visit("classify").multiselect[0].options)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_two_pictures_that_differ_in_one_pixel_are_each_asked_about(visit, pair, workers):  # I19
    pixels = np.full((600, 600, 3), 200, np.uint8)  # more than 500,000 numbers: a sample of them would be equal
    other = pixels.copy()
    other[311, 173] = 0

    def asked() -> int:
        return sum(message["do"] == "classify" for message in workers[0].sent)

    app = upload(visit("classify", run=pair[0]), ("same name.png", png(pixels)))
    n_before, n_subjects = asked(), len(pair) + 1
    app.run()
    assert asked() == n_before  # the same picture is not asked about again
    upload(app, ("same name.png", png(other)))
    assert asked() == n_before + n_subjects
    assert len(state_answers(app)) == 3 * n_subjects  # the sample at first, then the two


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deep_picture_is_asked_about_as_the_runs_data_were_and_what_was_done_is_said(
    visit, engine, workers, monkeypatch, language
):
    files = [(f"{name}/{at}.png", deep(at + ord(name))) for name in "ab" for at in range(6)]
    album = engine.imports.import_now(files, by=OPERATOR, name="deep", framing="fit")
    spec = RunSpec(dataset=album.id, image_size=96, n_frozen=19, batch_size=4)
    run = record_finished(engine.store, spec, 0.8, role="run", name="deep")
    workers[0].n_classes, asked, classify = 2, [], engine.requests.classify

    def seen(subject, images, *, by):
        asked.append(images[0])
        return classify(subject, images, by=by)

    monkeypatch.setattr(engine.requests, "classify", seen)
    app = upload(visit("classify", language, run=run), (files[3][0], files[3][1]), language=language)
    assert not app.exception
    high = engine.albums.info(album.id).preparation.high
    said = phrase(language, "note.deep_one_set", low=0, high=high)
    assert said in [caption.value for caption in app.caption]
    found = contents(album.id, engine.albums.home)
    kept = found.pictures[[file.endswith("a/3.png") for file in found.files].index(True)]
    assert all(np.array_equal(one, kept) for one in asked[-2:])  # by the run and by the untouched backbone


def deep(number: int) -> bytes:
    """A picture of its own, twice as wide as high, that uses 12 of 16 bits."""
    levels = np.random.default_rng(number).integers(0, 4096, (30, 60), dtype=np.uint16)
    levels[0, 0] = 0
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()


def state_answers(app) -> dict:
    return app.session_state["kept"]["answers"]
