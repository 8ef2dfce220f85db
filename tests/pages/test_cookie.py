"""The cookie that says whose browser it is, as the server hands it out."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from pages.ui.cookie import OwnerCookie
from pages.ui.streamlit_internals import OWNER_HEADER
from tl_core.engine.singleton import secret
from tl_core.store.cookies import COOKIE, new_cookie, owner_of


async def _page(scope, receive, send) -> None:
    headers = [(b"content-type", b"text/html"), (b"cache-control", scope.get("kept", b"no-cache"))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<html>"})


def answer(accept="text/html,*/*", kind="http", scheme="http", kept="no-cache", **headers: str):
    """Returns the cookie that a request is answered with, and the whole answer."""
    said: list[dict] = []
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"accept": accept, **headers}.items()]
    scope = {"type": kind, "method": "GET", "path": "/", "query_string": b"", "scheme": scheme, "headers": named}
    scope |= {"server": ("localhost", 8501), "kept": kept.encode()}

    async def send(message: dict) -> None:
        said.append(message)

    asyncio.run(OwnerCookie(_page)(scope, None, send))
    lines = [value.decode() for name, value in said[0]["headers"] if name == b"set-cookie"]
    cookie = SimpleCookie(lines[0]) if lines else {}
    return cookie.get(COOKIE), said


@pytest.fixture(autouse=True)
def _home(home):
    """A data folder of the test's own."""


def test_a_page_comes_with_a_key_that_scripts_cannot_read_and_other_sites_cannot_send():
    cookie, said = answer()
    assert owner_of(cookie.value, secret()) is not None
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    assert said[1] == {"type": "http.response.body", "body": b"<html>"}
    assert cookie.value not in str(said[1])


def test_two_browsers_get_two_keys():
    assert answer()[0].value != answer()[0].value


def test_a_browser_keeps_the_key_that_it_brings():
    brought = new_cookie(secret())
    assert answer(cookie=f"other=1; {COOKIE}={brought}")[0].value == brought


@pytest.mark.parametrize("forged", ["", "x", "0" * 32 + ".sig", "é", "a.b; c"])
def test_a_key_that_we_did_not_sign_is_replaced(forged):
    cookie, _ = answer(cookie=f"{COOKIE}={forged}".encode("latin-1").decode("latin-1"))
    assert owner_of(cookie.value, secret()) is not None
    assert cookie.value != forged


def test_only_pages_come_with_a_key():
    assert answer(accept="application/json")[0] is None
    assert answer(kind="websocket")[0] is None


def test_what_caches_keep_for_all_comes_without_a_key_and_what_has_one_is_kept_for_nobody_else():
    assert answer(kept="public, max-age=31536000, immutable")[0] is None
    for kept in ("no-cache", "no-store"):
        cookie, said = answer(kept=kept)
        assert cookie is not None
        assert dict(said[0]["headers"])[b"cache-control"] == b"private, no-cache"


@pytest.mark.parametrize("told", [{"scheme": "https"}, {"x_forwarded_proto": "https"}])
def test_over_an_encrypted_connection_the_key_never_travels_in_the_open(told):
    assert answer(**told)[0]["secure"] is True


def connected(**headers: str) -> list[str]:
    """Returns the owners that a connection names after it went through the door."""
    seen: list[dict] = []

    async def streamlit(scope, receive, send) -> None:
        seen.append(scope)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(OwnerCookie(streamlit)({"type": "websocket", "headers": named}, None, None))
    return [value.decode() for name, value in seen[0]["headers"] if name == OWNER_HEADER]


def test_a_connection_is_its_cookies_whatever_else_it_says_of_itself():
    brought = new_cookie(secret())
    owner = owner_of(brought, secret())
    assert connected(cookie=f"{COOKIE}={brought}") == [owner]
    assert connected(cookie=f"{COOKIE}={brought}", x_tl_owner="another") == [owner]
    assert connected(x_tl_owner=owner) == connected(cookie=f"{COOKIE}=forged", X_TL_OWNER=owner) == connected() == []


def test_a_data_folder_that_cannot_be_used_is_no_reason_to_show_no_page(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TL_HOME", str(tmp_path / "file" / "inside"))
    cookie, said = answer()
    assert cookie is None
    assert said[0]["status"] == 200
