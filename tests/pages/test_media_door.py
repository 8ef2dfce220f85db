"""The door of pictures and downloads: to whom it opens, and what it remembers."""

import asyncio
from types import SimpleNamespace

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager

from pages.ui import media_door, streamlit_internals, streamlit_media
from pages.ui.media_door import MediaDoor
from pages.ui.streamlit_media import OwnersMedia
from tl_core.engine.singleton import secret
from tl_core.store.cookies import COOKIE, new_cookie, owner_of


class Media:
    """The pictures and downloads of a server with visits of Anna's, of Ben's, and of a browser without cookies."""

    def __init__(self) -> None:
        self.storage = OwnersMedia("/media")
        self.manager = MediaFileManager(self.storage)
        self.cookies = {"anna": new_cookie(secret()), "ben": new_cookie(secret()), "nobody": None}
        self.drawing: str | None = None  # the visit whose script runs

    def visit(self, name: str):
        """Returns a visit as Streamlit keeps it, None once it has ended."""
        known = {"owner": owner_of(self.cookies[name], secret())} if name in self.cookies else None
        return None if known is None else SimpleNamespace(_user_info=known)

    def show(self, visit: str, content: bytes, at: str = "1") -> str:
        """Returns the address of a picture that a visit's page shows in a place."""
        self.drawing = visit
        return self.manager.add(content, "image/png", at)

    def ask(self, url: str, cookie: str | None) -> tuple[int, dict[bytes, bytes]]:
        """Returns how a request is answered, with a cookie or none: status and headers."""
        said: list[dict] = []
        headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []

        async def send(message: dict) -> None:
            said.append(message)

        async def streamlit(scope, receive, send) -> None:
            await send({"type": "http.response.start", "status": 299, "headers": []})

        scope = {"type": "http", "method": "GET", "path": url, "headers": headers}
        asyncio.run(MediaDoor(streamlit)(scope, None, send))
        return said[0]["status"], dict(said[0]["headers"])

    def opened_to(self, url: str) -> set[str]:
        """Returns the browsers that get what lies at an address."""
        return {name for name, cookie in self.cookies.items() if self.ask(url, cookie)[0] == 299}


@pytest.fixture
def media(home, monkeypatch) -> Media:
    made = Media()
    server = SimpleNamespace(get_app_session=made.visit, is_active_session=made.cookies.__contains__)
    monkeypatch.setattr(streamlit_media.runtime, "get_instance", lambda: server)
    monkeypatch.setattr("streamlit.runtime.media_file_manager._get_session_id", lambda: made.drawing or "dontcare")
    running = lambda **_: made.drawing and SimpleNamespace(session_id=made.drawing)
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", running)
    monkeypatch.setattr(media_door, "media_files", lambda: made.storage)
    return made


def test_a_picture_is_for_the_browsers_whose_pages_have_it(media):
    url = media.show("anna", b"a picture")
    assert media.opened_to(url) == {"anna"}
    assert media.show("ben", b"a picture") == url  # the same content has the same address
    assert media.opened_to(url) == {"anna", "ben"}
    assert media.ask(url, "forged.cookie")[0] == 404
    assert media.opened_to(f"/lab{url}") == {"anna", "ben"}  # below a path
    assert media.ask(url, media.cookies["anna"])[1] == {b"cache-control": b"private"}


def test_a_browser_without_cookies_gets_what_its_own_page_shows_alone(media):
    url = media.show("nobody", b"a picture")
    assert media.opened_to(url) == {"nobody"}
    assert media.ask(media.show("anna", b"another"), None)[0] == 404


@pytest.mark.parametrize("url", ["/media/none.png", "/media/", "/media/media/x", "/media/../media/x"])
def test_what_nobody_has_is_answered_like_what_is_not_for_one(media, url):
    assert media.ask(url, media.cookies["anna"]) == media.ask(media.show("ben", b"his"), media.cookies["anna"])


def test_other_addresses_and_connections_pass(media):
    assert media.ask("/_stcore/health", None)[0] == media.ask("/media", None)[0] == 299
    assert (
        media.ask("/static/media/a-font.woff2", None)[0] == media.ask("/lab/static/media/a-font.woff2", None)[0] == 299
    )


def test_a_download_that_is_made_when_asked_for_is_for_the_visit_that_it_was_promised_to(media):
    media.drawing = "anna"
    promise = media.manager.add_deferred(lambda: b"a network", "application/octet-stream", "2", "a.safetensors")
    media.drawing = None  # it is made in a thread of no visit
    assert media.opened_to(media.manager.execute_deferred(promise)) == {"anna"}
    media.drawing = "ben"
    assert media.opened_to(media.show("ben", b"his")) == {"ben"}


def test_what_a_visit_shows_after_its_end_is_for_nobody(media):
    assert media.opened_to(media.show("anna whose network failed", b"a picture")) == set()


def test_nothing_is_remembered_of_a_file_that_is_gone(media):
    urls = [media.show("anna", content) for content in (b"one", b"two", b"three")]  # each takes the other's place
    media.manager.remove_orphaned_files()
    assert [media.opened_to(url) for url in urls] == [set(), set(), {"anna"}]
    media.manager.clear_session_refs("anna")
    media.manager.remove_orphaned_files()
    assert media.storage._owners == {}
