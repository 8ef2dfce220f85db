"""Who may talk to the real server: a stranger's page gets a refusal, a person a sentence."""

import json
import socket
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from patience import PATIENCE_MS, PATIENCE_S
from playwright.sync_api import expect
from real_server import Server, new_context
from websockets import Subprotocol
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tl_core.phrases import phrase

pytestmark = pytest.mark.browser


def knock(server: Server, host: str, origin: str | None) -> tuple[int, str]:
    """Returns how the server answers to a websocket, under any name and for any page."""
    line = socket.create_connection(("localhost", server.port), PATIENCE_S)
    address, said = f"ws://{host}/_stcore/stream", [Subprotocol("streamlit")]
    try:
        with connect(address, sock=line, subprotocols=said, additional_headers={"Origin": origin} if origin else {}):
            return 101, ""
    except InvalidStatus as refused:
        return refused.response.status_code, " ".join(json.loads(refused.response.body or "").split())


def test_a_websocket_is_let_in_for_the_servers_own_page_only(server):
    own, name = f"localhost:{server.port}", "rebound.example"
    assert knock(server, own, f"http://{own}") == (101, "")
    for origin in (
        f"http://localhost:{server.port + 1}",
        "http://localhost",
        f"http://127.0.0.1:{server.port}",
        "null",
    ):
        assert knock(server, own, origin) == (403, phrase("en", "gate.origin", origin=origin, host=own))
    assert knock(server, own, None) == (403, phrase("en", "gate.no_origin"))
    rebound = f"{name}:{server.port}"
    assert knock(server, rebound, f"http://{rebound}") == (421, phrase("en", "gate.host", host=rebound))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_another_ports_page_sends_and_removes_no_file(server, method):
    address = f"{server.url}/_stcore/upload_file/00000000-0000-4000-8000-000000000000/1"
    asked = urllib.request.Request(address, b"", {"Origin": f"http://localhost:{server.port + 1}"}, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=PATIENCE_S)
    assert refused.value.code == 403
    assert json.load(refused.value).startswith("A page at http://localhost:")


def test_every_kind_of_answer_has_the_headers_and_the_script_for_all_has_no_key(server):
    for path in (
        "",
        "favicon.png",
        "_stcore/health",
        "nowhere/_stcore/health",
        "assets/plotly-basic.min.js",
        "announcement",
        "healthz",
        "metrics",
        "media/x",
    ):
        asked = urllib.request.Request(f"{server.url}/{path}", headers={"Accept": "text/html"})
        try:
            answer = urllib.request.urlopen(asked, timeout=PATIENCE_S)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            is_for_all = "public" in answer.headers.get("cache-control", "")
            assert not is_for_all or "set-cookie" not in answer.headers, path
            assert is_for_all == path.endswith((".png", ".js")), path


class _Proxy(BaseHTTPRequestHandler):
    """Passes on what a page asks for, but not the name under which it was asked: as nginx does unless told."""

    port = 0

    def do_GET(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        asked = urllib.request.Request(f"http://localhost:{self.port}{self.path}", headers=headers)
        try:
            answer = urllib.request.urlopen(asked, timeout=PATIENCE_S)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        """Says nothing."""


def test_a_visitor_behind_a_proxy_that_hides_the_name_reads_why_the_page_stays_empty(server, page):
    handler = type("Proxy", (_Proxy,), {"port": server.port})
    with ThreadingHTTPServer(("localhost", 0), handler) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            page.goto(f"http://localhost:{proxy.server_port}/lab")
            expect(page.get_by_role("dialog")).to_contain_text("proxy_set_header", timeout=PATIENCE_MS)
        finally:
            proxy.shutdown()


def test_a_person_with_a_name_that_the_server_does_not_know_reads_what_to_do(server, page):
    page.goto(f"http://class.localhost:{server.port}/lab")  # a name that every browser leads to this machine
    expect(page.locator("p[lang=en]")).to_contain_text("TL_HOSTS")
    expect(page.locator("p[lang=zh]")).to_contain_text("TL_HOSTS")


def test_a_stranger_may_not_show_the_lab_in_a_frame(server, chromium):
    context = new_context(chromium)
    stranger = context.new_page()
    with stranger.expect_console_message(lambda said: "frame-ancestors 'none'" in said.text, timeout=PATIENCE_MS):
        stranger.set_content(f'<iframe src="{server.url}/lab"></iframe>')
    assert stranger.frames[1].url.startswith("chrome-error:")
    context.close()


@pytest.mark.parametrize(
    ("hosts", "key", "said"),
    [
        ("", "", ["they will be turned away", "TL_INSTRUCTOR_KEY is not set"]),
        ("192.0.2.7", "long to remember", ["under these names: localhost", "the instructor’s key too, can be read"]),
    ],
)
def test_a_server_for_other_machines_says_at_the_start_what_that_means(tmp_path, hosts, key, said):
    server = Server(
        tmp_path, TL_HOSTS=hosts, TL_INSTRUCTOR_KEY=key, STREAMLIT_SERVER_ADDRESS="0.0.0.0", PYTHONUTF8="1"
    ).wait()
    try:
        assert knock(server, "192.0.2.7", "http://192.0.2.7")[0] == (101 if hosts else 421)
    finally:
        server.stop()
    written = server.log.read_text(encoding="utf-8")
    assert f"Transfer Lab: http://localhost:{server.port}/" in written
    assert [sentence for sentence in said if sentence not in written] == []
    assert ("TL_INSTRUCTOR_KEY" in written) == (not key)
    assert "External" not in written
