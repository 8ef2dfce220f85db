"""Who may talk to the server, asked without one."""

import asyncio
import json
import re
from contextlib import suppress

import pytest
from starlette.middleware.errors import ServerErrorMiddleware
from streamlit import config

from pages.ui.gate import Gate
from pages.ui.streamlit_internals import LOCAL, allow_hosts

HOME = "localhost:8501"


async def _lab(scope, receive, send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-security-policy", b"none")]})
    await send({"type": "http.response.body", "body": b"the lab"})


def ask(method: str = "GET", path: str = "/", scheme: str = "http", host: str | None = HOME, lab=_lab, **headers: str):
    """Returns status, headers and text of what the gate answers; 101 where it lets a websocket in."""
    said: list[dict] = []
    named = {**({"host": host} if host is not None else {}), **headers}
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()]
    scope = {
        "type": "websocket" if scheme in ("ws", "wss") else "http",
        "path": path,
        "scheme": scheme,
        "headers": lines,
    }
    scope |= {"method": method, "query_string": b"", "server": ("localhost", 8501)}
    scope |= {"extensions": {"websocket.http.response": {}}}

    async def send(message: dict) -> None:
        said.append(message)

    with suppress(ZeroDivisionError):
        asyncio.run(ServerErrorMiddleware(Gate(lab))(scope, None, send))  # as Starlette has it around every app
    assert [message["type"].endswith(".start") for message in said[1:]].count(True) == 0
    if said[0]["type"] == "websocket.accept":
        return 101, {}, ""
    told = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], told, said[1]["body"].decode()


@pytest.fixture(autouse=True)
def _hosts(monkeypatch):
    """The names of the settings, whatever a test adds to them."""
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", [*LOCAL])
    yield
    config.set_option("server.allowedHosts", before)


@pytest.mark.parametrize("host", [HOME, "LocalHost:1", "127.0.0.1", "[::1]:8501"])
def test_the_machine_itself_comes_in_by_each_of_its_names(host):
    assert ask(host=host)[0] == 200
    assert ask(scheme="ws", host=host, origin=f"http://{host}")[0] == 101
    assert ask("PUT", host=host, origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(
    "host", ["rebound.example:8501", "localhost.rebound.example", "0.0.0.0:8501", "", None, "a b", "[::1"]
)
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_name_that_the_operator_does_not_know_is_refused_whatever_page_asks(host, scheme):
    assert ask(scheme=scheme, host=host, origin=f"http://{host}")[0] == 421


@pytest.mark.parametrize(
    "origin", ["http://localhost:8502", "http://localhost", "http://127.0.0.1:8501", "http://evil.example", "null", ""]
)
def test_a_page_of_another_port_or_name_changes_nothing(origin):
    assert ask(scheme="ws", origin=origin)[0] == 403
    assert [ask(method, origin=origin)[0] for method in ("POST", "PUT", "PATCH", "DELETE")] == [403] * 4


def test_what_does_not_say_where_it_comes_from_changes_nothing_but_may_look():
    assert ask(scheme="ws")[0] == ask("DELETE")[0] == 403
    assert ask()[0] == ask("HEAD")[0] == ask("OPTIONS", origin="http://evil.example")[0] == 200


def test_behind_tls_only_the_encrypted_page_is_the_labs_own():
    asked = {"scheme": "ws", "host": "localhost", "x_forwarded_proto": "https"}
    assert ask(**asked, origin="https://localhost")[0] == 101
    assert ask(**asked, origin="http://localhost")[0] == 403
    assert (
        ask(**asked | {"host": "localhost:443"}, origin="https://localhost")[0] == 101
    )  # a proxy that names every port
    assert ask(scheme="ws", host="localhost", origin="https://localhost")[0] == 101  # a proxy that says nothing of TLS


def test_a_page_behind_a_proxy_that_keeps_the_name_to_itself_is_told_so():
    asked = {"path": "/lab/_stcore/health", "referer": "https://lab.school.example/lab?lang=zh"}
    status, _, text = ask(**asked)
    assert (status, "proxy_set_header Host $http_host" in " ".join(json.loads(text).split())) == (421, True)
    assert max(len(line) for line in json.loads(text).splitlines()) <= 48  # Streamlit's page breaks none
    assert "lab?lang" not in text
    assert "请让前面的代理" in json.loads(ask(**asked, accept_language="zh-CN,en")[2]).replace("\n", "")
    assert ask(path="/_stcore/health")[0] == ask(path="/_stcore/health", referer=f"http://{HOME}/lab")[0] == 200
    assert ask(path="/", referer="https://search.example/")[0] == 200  # a link from elsewhere


def test_a_person_who_is_refused_reads_a_page_in_both_languages_with_no_foreign_mark_in_it():
    status, headers, text = ask(host="<b>.example", accept="text/html,*/*")
    assert (status, headers["content-type"]) == (421, "text/html; charset=utf-8")
    assert re.findall('<p lang="(..)">', text) == ["en", "zh"]
    assert "<b>" not in text
    assert ask(host="x" * 5000)[2].count("x") < 200


def test_every_answer_has_its_headers_the_refused_too():
    for status, headers, _ in (ask(), ask(host="evil.example"), ask(scheme="ws", origin="null")):
        assert status in (200, 421, 403)
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["permissions-policy"].startswith("camera=(self), ")
        assert "strict-transport-security" not in headers


@pytest.mark.parametrize(
    "told", [{"scheme": "https"}, {"x_forwarded_proto": "https"}, {"x_forwarded_proto": "https, http"}]
)
def test_over_tls_a_browser_is_told_to_stay_there(told):
    assert ask(**told)[1]["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("line", "over_tls"),
    [
        ("_streamlit_xsrf=2|a; Path=/; SameSite=Lax", "_streamlit_xsrf=2|a; Path=/; SameSite=Lax; Secure"),
        ("secure=1; HttpOnly", "secure=1; HttpOnly; Secure"),
        ("tl_owner=1; secure; Path=/", "tl_owner=1; secure; Path=/"),
    ],
)
def test_over_tls_no_cookie_travels_in_the_open_streamlits_neither(line, over_tls):
    async def lab(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", line.encode())]})
        await send({"type": "http.response.body", "body": b""})

    assert ask(lab=lab)[1]["set-cookie"] == line
    assert ask(lab=lab, scheme="https")[1]["set-cookie"] == over_tls
    assert ask(lab=lab, x_forwarded_proto="https")[1]["set-cookie"] == over_tls


def test_an_answer_to_a_fault_that_nobody_foresaw_has_its_headers_too_and_the_fault_is_told_on():
    async def lab(scope, receive, send) -> None:
        raise ZeroDivisionError

    status, headers, text = ask(lab=lab)
    assert (status, text) == (500, "Internal Server Error")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_fault_in_the_midst_of_an_answer_is_no_second_answer():
    async def lab(scope, receive, send) -> None:
        await _lab(scope, receive, send)
        raise ZeroDivisionError

    assert ask(lab=lab)[::2] == (200, "the lab")


def test_the_policy_lets_no_script_in_that_the_server_did_not_send():
    scripts = re.search("script-src ([^;]*)", ask()[1]["content-security-policy"])[1].split()
    assert scripts[:2] == ["'self'", "blob:"]
    assert [re.fullmatch(r"'sha256-[\w+/]{43}='", script) is not None for script in scripts[2:]] == [True]


def test_the_operator_names_more_hosts(monkeypatch):
    monkeypatch.setenv("TL_HOSTS", " lab.school.example,, *.class.example,[fe80::1] ")
    address = config.get_option("server.address")
    try:
        config.set_option("server.address", "192.0.2.7")
        allow_hosts()
        for host in (HOME, "lab.school.example", "a.class.example:80", "[fe80::1]:8501", "192.0.2.7:8501"):
            assert ask(host=host)[0] == 200
        assert ask(host="school.example")[0] == 421
        config.set_option("server.address", "0.0.0.0")
        config.set_option("server.allowedHosts", [*LOCAL])
        monkeypatch.setenv("TL_HOSTS", "")
        allow_hosts()
        assert config.get_option("server.allowedHosts") == [*LOCAL]
    finally:
        config.set_option("server.address", address)
