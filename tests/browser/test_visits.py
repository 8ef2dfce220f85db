"""A visit to the real server is its browser's alone: who goes on with it and gets its pictures; where its id stands."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import PATIENCE_S, until
from playwright.sync_api import Page, expect
from real_server import Server, new_context
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pages.measures.clicks import IDLE
from tl_core.phrases import phrase
from tl_core.store.cookies import COOKIE, owner_of

pytestmark = pytest.mark.browser

TILES = ".tl-gallery button"


def new_browser(server: Server) -> str:
    """Returns the cookie that a browser gets with its first page."""
    asked = urllib.request.Request(server.url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        return answer.headers["set-cookie"].partition(";")[0]


@contextmanager
def opened(server: Server, cookie: str, visit: str | None = None) -> Iterator[ClientConnection]:
    """Connects as a browser that has a cookie; with the id of a visit as one that comes back to it."""
    said = [Subprotocol("streamlit"), *([Subprotocol("no-token"), Subprotocol(visit)] if visit else [])]
    headers = {"Origin": server.url, **({"Cookie": cookie} if cookie else {})}
    url = f"ws://localhost:{server.port}/_stcore/stream"
    with connect(url, subprotocols=said, additional_headers=headers, max_size=None) as line:
        yield line


def visit_of(line: ClientConnection) -> str:
    """Asks for a page; returns the id that the server gives to the visit."""
    message = BackMsg()
    message.rerun_script.query_string = "lang=en"
    line.send(message.SerializeToString())
    while True:
        told = ForwardMsg.FromString(line.recv(PATIENCE_S, decode=False))
        if told.WhichOneof("type") == "new_session":
            return told.new_session.initialize.session_id


@pytest.mark.parametrize("is_open", [True, False])
def test_another_cookie_or_none_begins_a_visit_of_its_own_whatever_id_it_names(server, is_open):
    anna, ben = new_browser(server), new_browser(server)
    with opened(server, anna) as first:
        visit = visit_of(first)
        if not is_open:
            first.close()
        for other in (ben, "", f"{COOKIE}=forged"):
            with opened(server, other, visit) as line:
                assert visit_of(line) != visit
        if is_open:
            assert visit_of(first) == visit  # it was not disturbed
    with opened(server, anna, visit) as again:
        assert visit_of(again) == visit


def open_a_picture(page: Page, server: Server) -> str:
    """Opens a picture closely; returns its address once the browser shows it."""
    page.goto(f"{server.url}/data?lang=en")
    page.locator(TILES).first.wait_for()
    page.locator(IDLE).wait_for()
    page.locator(TILES).first.click()
    picture = page.get_by_test_id("stImage").locator("img").first
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    return picture.evaluate("image => image.src")


def fetch_table(page: Page) -> str:
    """Downloads the table of classes; returns its address."""
    page.get_by_role("radio", name=phrase("en", "data.part_classes"), exact=True).click()
    page.locator(IDLE).wait_for()
    with page.expect_download() as caught:
        page.get_by_role("button", name=phrase("en", "frame.sheet")).click()
    assert Path(caught.value.path()).read_bytes().count(b"\n") > 10
    return caught.value.url


def test_pictures_and_downloads_are_for_the_browsers_whose_pages_have_them(server, page, chromium):
    ben = new_context(chromium)
    stranger = ben.new_page()
    stranger.goto(f"{server.url}/runs?lang=en")
    stranger.get_by_role("heading", level=1).wait_for()
    for url in (open_a_picture(page, server), open_a_picture(page, server), fetch_table(page)):
        assert "/media/" in url
        assert [context.request.get(url).status for context in (page.context, ben)] == [200, 404]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url, timeout=PATIENCE_S)  # without a cookie
    picture = open_a_picture(page, server)
    assert open_a_picture(stranger, server) == picture  # the same content has the same address
    assert [context.request.get(picture).status for context in (page.context, ben)] == [200, 200]
    ben.close()


def test_no_output_tells_the_id_of_a_visit_or_the_key_of_a_browser(page, tmp_path):
    server = Server(tmp_path).wait()
    try:
        open_a_picture(page, server)
        fetch_table(page)
        page.locator(".st-key-data-bring summary").click()
        with page.expect_request(lambda asked: "/upload_file/" in asked.url and asked.method == "PUT") as sent:
            page.locator("input[type=file]").first.set_input_files(
                {"name": "broken.zip", "mimeType": "application/zip", "buffer": b"no ZIP"}
            )
        name = page.get_by_label(phrase("en", "data.name"), exact=True)
        name.fill("broken")
        name.press("Enter")
        page.locator(IDLE).wait_for()
        page.get_by_role("button", name=phrase("en", "data.take_in"), exact=True).click()
        visit = sent.value.url.split("/")[-2]
        (key,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)
        page.get_by_test_id("stAlert").first.wait_for()
        seen = page.content() + page.url
        with opened(server, f"{COOKIE}={key}", visit) as again:  # as a browser whose network failed
            assert visit_of(again) == visit
            again.send(b"\xff")  # what is no message
            until("the server ends a connection that talks nonsense", lambda: has_ended(again))
        with opened(server, f"{COOKIE}={key}", visit) as again:
            visit_of(again)
            again.send("a text")
            until("the server ends a connection that talks nonsense", lambda: has_ended(again))
        with urllib.request.urlopen(f"{server.url}/_stcore/metrics", timeout=PATIENCE_S) as metrics:
            seen += metrics.read().decode()
    finally:
        server.stop()
    output = server.log.read_text()
    assert "Session with id [hidden] is already connected" in output
    assert "Traceback" in output
    owner = owner_of(key, (tmp_path / "cookie.secret").read_bytes())
    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    for hidden in (visit, key, key.partition(".")[0]):
        assert hidden not in seen
        assert [path for path in tmp_path.rglob("*") if path.is_file() and hidden.encode() in path.read_bytes()] == []
    assert owner not in seen + output + logs


def has_ended(line: ClientConnection) -> bool:
    """Says whether the server has closed a connection, once what it said before is read."""
    try:
        while True:
            line.recv(0)
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False
