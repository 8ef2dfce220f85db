"""Trained networks on the pages: downloaded from a run's panel, brought in where one classifies."""

import asyncio
import hashlib
from dataclasses import replace
from email.message import Message
from urllib.parse import unquote

import pytest
from fake_runs import record_finished
from starlette.requests import Request
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.web.server.starlette.starlette_routes import create_media_routes

from pages.ui import bundles
from tests.bundles.bundle_files import SPEC, keras_file, layer, parts, record, write_run
from tl_core.bundles.bundle import bundle_bytes, read_bundle
from tl_core.datasets.catalog import FRUITS
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.phrases import explain, phrase
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import Visibility

LANGUAGES = ("en", "zh")
FRUIT = SPEC.with_changes(dataset="groceries")
NAMES = [
    "my run",
    'a"b\r\nX-Evil: 1',
    "苹果 和 梨",
    "n" * 300,
    "../../etc/passwd",
    "a;b=c",
    "\u202efdp.exe",
    "🍎🍏",
    "",
    "é\\x",
]


@pytest.fixture
def file(tmp_path) -> bytes:
    """A network for fruit, as it is downloaded; its name is a trap for Markdown."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_run(folder, spec=FRUIT, n_classes=14)
    return bundle_bytes(folder, record(FRUIT, name="**bold** <b>net</b>"), FRUITS)


def bring(app, data: bytes, name: str = "net.safetensors"):
    """Presses the button, and gives the field a file."""
    app.button("bring").click().run()
    app.file_uploader("bundle").upload(name, data, "application/octet-stream")
    return app.run()


# ---- in ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_network_is_brought_in_and_classifies_at_once(visit, engine, file, language):  # M07
    app = visit("classify", language)
    assert app.info[0].value == phrase(language, "classify.no_runs")
    app = bring(app, file)
    assert not app.exception
    assert not app.error
    (run,) = engine.store.list_runs()
    assert (run.owner, run.name) == ("local", "**bold** <b>net</b>")
    assert app.multiselect[0].value == [run.id]
    assert app.query_params["run"] in (run.id, [run.id])
    assert any(one.value.startswith(f"{phrase(language, 'class.anjou')} · 75%") for one in app.markdown)
    app.run()
    assert len(engine.store.list_runs()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (keras_file([layer("Lambda", function="x")]), "bundle_kind"),
        (b"just some text", "bundle_text"),
        (b"", "bundle_empty"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "bundle_kind"),
    ],
)
def test_anything_else_gets_one_sentence_that_names_it_and_no_run(visit, engine, language, data, code):  # M01, M05
    app = bring(visit("classify", language), data, "model*1*.keras")
    assert not app.exception
    (error,) = app.error
    assert "model" in error.value
    assert "Transfer Lab" in error.value
    assert r"\*1\*" in error.value
    assert engine.store.list_runs() == []
    values = {"file": "model*1*.keras"} | ({"received": "?"} if code == "bundle_kind" else {})
    assert explain({"code": code, "values": values}, language)


def test_a_cut_short_download_is_refused_and_the_whole_one_is_taken_then(visit, engine, file):  # M05
    app = bring(visit("classify"), file[:-100])
    assert "cut short" in app.error[0].value
    app.file_uploader("bundle").upload("net.safetensors", file, "application/octet-stream").run()
    assert not app.exception
    assert len(engine.store.list_runs()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_says_where_it_is_from_and_measures_nothing(visit, engine, file, language):
    taken = engine.runs.import_network(read_bundle(file, "x"), by=Visitor("local"), name="net")
    app = visit("lab", language, run=taken.id)
    assert not app.exception
    text = " ".join(element.value for kind in (app.markdown, app.caption) for element in kind)
    assert phrase(language, "bundle.badge") in text
    assert "75%" in text  # what the file claims
    assert phrase(language, "proof.title") not in [expander.label for expander in app.expander]
    for told in ("0 epochs", "0 轮", "–"):
        assert told not in text
    assert not app.error
    engine.runs.share(taken.id, Visibility.CLASS, by=OPERATOR)
    for page in ("runs", "classroom"):
        app = visit(page, language, run=taken.id)
        assert not app.exception
        assert "75%" not in " ".join(element.value for element in (*app.markdown, *app.caption))


def test_a_network_for_data_that_are_not_here_has_pages_too(visit, engine, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    own = SPEC.with_changes(dataset="own-0123456789abcdef0123")
    names = tuple(f"*{at}*" for at in range(14))
    data = bundle_bytes(write_run(folder, spec=own, n_classes=14), record(own), names)
    taken = engine.runs.import_network(read_bundle(data, "x"), by=Visitor("local"), name="net")
    for page in ("lab", "classify", "runs", "classroom"):
        app = visit(page, run=taken.id)
        assert not app.exception
        assert not app.error
    assert r"\*0\* · 75%" in [element.value for element in visit("classify", run=taken.id).markdown]


def test_without_a_test_result_none_is_named(visit, engine, file):
    taken = replace(read_bundle(file, "x"), test_accuracy=None)
    run = engine.runs.import_network(taken, by=Visitor("local"), name="net")
    captions = [caption.value for caption in visit("lab", run=run.id).caption]
    assert any("gives no test result" in caption for caption in captions)
    assert not any("%" in caption for caption in captions)


# ---- out ----


class Downloads:
    """What pages have offered: file name and a way to get the content."""

    def __init__(self) -> None:
        self.offered: dict[str, tuple[str, object]] = {}

    def __call__(self, label: str, data, *, file_name: str, key: str, **_: object) -> bool:
        self.offered[key] = file_name, data
        return False


@pytest.fixture
def downloads(monkeypatch) -> Downloads:
    made = Downloads()
    monkeypatch.setattr(bundles.st, "download_button", made)
    return made


def test_the_panel_offers_the_network_of_the_run_and_of_its_baseline(visit, engine, pair, downloads):
    for run_id in pair:
        write_run(engine.store.run_folder(run_id), spec=RunSnapshot(engine.store.get(run_id), 0).spec, n_classes=14)
    app = visit("lab", run=pair[0])
    assert not app.exception
    for run_id in pair:
        name, data = downloads.offered[f"bundle-{run_id}"]
        assert run_id[:12] in name
        assert run_id not in name
        assert parts(data())[0]["name"] == engine.store.get(run_id).name


def test_a_run_that_is_private_again_is_not_given_out_by_an_old_page(visit, engine, pair, downloads):
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    visit("lab", owner="somebody else", run=pair[0])
    _, data = downloads.offered[f"bundle-{pair[0]}"]
    engine.runs.share(pair[0], Visibility.PRIVATE, by=OPERATOR)
    with pytest.raises(Exception, match="unknown_run"):
        data()


def test_a_network_that_is_too_large_for_this_server_is_said_to_be(visit, engine, monkeypatch):
    run = record_finished(engine.store, FRUIT, 0.5, role="run", name="large")
    large = replace(engine.store.get(run), trainable_params=10**9)
    monkeypatch.setattr(engine.store, "get", lambda _: large)
    assert any("can be imported here" in caption.value for caption in visit("lab", run=run).caption)


# ---- the name of a download ----


def response(file_name: str, data: bytes = b"x" * 2_000_000):
    """Has Streamlit's own route answer for a download of that name."""
    storage = MemoryMediaFileStorage("/media")
    file_id = storage.load_and_get_id(data, "application/octet-stream", MediaFileKind.DOWNLOADABLE, file_name)
    (get, *_) = create_media_routes(storage, "")
    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    return file_id, asyncio.run(get.endpoint(Request(scope | {"path_params": {"file_id": f"{file_id}.bin"}})))


def named(disposition: str) -> str:
    """Returns the file name that a browser reads in a Content-Disposition."""
    message = Message()
    message["Content-Disposition"] = disposition
    name = message.get_filename()
    return unquote(name) if isinstance(name, str) else name


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_makes_a_valid_content_disposition(name):  # M07
    file_name = bundles.file_name(record(name=name))
    assert file_name.endswith("0123456789ab.safetensors")
    assert len(file_name.encode()) <= 200
    assert not set(file_name) & set('/\\"\r\n;:*?<>|%\u202e')
    _, answer = response(file_name)
    disposition = answer.headers["content-disposition"]
    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.startswith("attachment; filename")
    assert named(disposition) == file_name


def test_letters_of_any_script_stay_in_the_name():  # M07
    assert bundles.file_name(record(name="苹果 和 梨, 1. Versuch")) == "苹果-和-梨-1-Versuch-0123456789ab.safetensors"
    assert bundles.file_name(record(name="🍎")) == "0123456789ab.safetensors"


def test_two_networks_of_one_shape_are_two_downloads_though_streamlit_looks_at_pieces_only():  # M08
    one = bytes(2_000_000)
    other = one[:500_000] + b"!" + one[500_001:]  # beyond the head, the middle and the tail
    runs = [record(id="a" * 32), record(id="b" * 32)]
    storage, ids = MemoryMediaFileStorage("/media"), []
    for run, data in zip(runs, (one, other), strict=True):
        told = "application/octet-stream", MediaFileKind.DOWNLOADABLE
        ids.append(storage.load_and_get_id(data, *told, bundles.file_name(run)))
        assert hashlib.sha256(storage.get_file(ids[-1]).content).digest() == hashlib.sha256(data).digest()
    assert ids[0] != ids[1]
    unnamed = [storage.load_and_get_id(data, *told, "network.safetensors") for data in (one, other)]
    assert unnamed[0] == unnamed[1]  # so the id in the name is what keeps them apart


def test_the_file_of_a_run_that_was_brought_in_is_offered_too(visit, engine, file, downloads):  # M07
    taken = engine.runs.import_network(read_bundle(file, "x"), by=Visitor("local"), name="net")
    visit("lab", run=taken.id)
    name, data = downloads.offered[f"bundle-{taken.id}"]
    assert name == f"net-{taken.id[:12]}.safetensors"
    again = read_bundle(data(), name)
    assert (again.classes, again.test_accuracy) == (FRUITS, 0.75)
    assert (engine.store.run_folder(taken.id) / WEIGHTS_FILE).exists()
