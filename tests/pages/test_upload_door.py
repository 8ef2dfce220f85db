"""The door for files: whose they are, how they arrive on disk, and what a visitor is told of a refusal."""

import asyncio
import stat
from copy import deepcopy

import pytest
from streamlit.proto.Common_pb2 import FileURLs

from pages.ui import streamlit_internals, upload_door
from pages.ui.streamlit_internals import DiskUploads, UploadedFile, let_go, refusal_of_upload, sent_content
from pages.ui.upload_door import UploadDoor
from tl_core.engine.imports.waiting_files import Sender, WaitingFiles
from tl_core.engine.singleton import secret
from tl_core.phrases import LANGUAGES, phrase
from tl_core.store.cookies import COOKIE, new_cookie, owner_of

FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\nContent-Type: image/png\r\n\r\n%s\r\n'


class Door:
    """The door of a server with one open visit of Anna's."""

    def __init__(self) -> None:
        self.manager = DiskUploads("/upload")
        self.anna, self.passed, self.drawn = new_cookie(secret()), [], []

    def ask(self, method: str = "PUT", visit: str = "visit", cookie: str | None = None, **change: object):
        """Returns status and text of the answer to a request of Anna's, or of whoever has the cookie."""
        body = change.get("body", FILE % (b"a.png", b"content") + b"--x--\r\n")
        headers = {
            "cookie": f"{COOKIE}={self.anna if cookie is None else cookie}",
            "content-type": "multipart/form-data; boundary=x",
            "content-length": str(len(body)),
            **change.get("headers", {}),
        }
        scope = {"type": "http", "method": method, "path": f"/base/_stcore/upload_file/{visit}/1"}
        scope["client"] = ("192.0.2.1", 50000)
        scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
        pieces = [body[at : at + 10] for at in range(0, len(body), 10)]
        said: list[dict] = []

        async def receive() -> dict:
            if not pieces:
                return {"type": "http.disconnect"}
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces) or "cut" in change}

        async def send(message: dict) -> None:
            said.append(message)

        async def streamlit(scope, receive, send) -> None:
            self.passed.append(scope["method"])
            await send({"type": "http.response.start", "status": 299})

        asyncio.run(UploadDoor(streamlit)(scope, receive, send))
        return said[0]["status"], b"".join(message.get("body", b"") for message in said).decode()

    def files(self) -> list[UploadedFile]:
        return [UploadedFile(record, FileURLs()) for record in self.manager.get_files("visit", ["1"])]


@pytest.fixture
def door(home, monkeypatch) -> Door:
    made = Door()
    owners = {"visit": owner_of(made.anna, secret())}
    monkeypatch.setattr(upload_door, "waiting_files", lambda: made.manager.waiting)
    monkeypatch.setattr(upload_door, "owner_of_visit", owners.get)
    monkeypatch.setattr(upload_door, "has_xsrf_token", lambda request: True)
    monkeypatch.setattr(upload_door, "draw_again", made.drawn.append)
    context = type("Visit", (), {"uploaded_file_mgr": made.manager, "session_id": "visit"})
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", lambda: context)
    made.home = home
    return made


def lying(door: Door) -> list:
    return [path for path in (door.home / "uploads").rglob("*") if path.is_file()]


def test_a_file_arrives_on_disk_for_the_server_alone_and_is_read_only_when_asked_for(door):
    assert door.ask() == (204, "")
    (path,), (file,) = lying(door), door.files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (file.name, file.type, file.size) == ("a.png", "image/png", 7)
    assert sent_content(file) == path
    assert file.getbuffer().nbytes == 0  # nothing of it is in memory
    assert file.getvalue() == deepcopy(file).getvalue() == b"content"


def test_what_is_let_go_of_is_gone_from_the_disk(door):
    door.ask()
    let_go(door.files())
    assert (lying(door), door.files()) == ([], [])


@pytest.mark.parametrize("name", ["苹果/梨.png", "../../x.png", ""])
def test_a_file_keeps_the_name_that_its_browser_gives_it_and_lies_under_none_of_it(door, name):
    assert door.ask(body=FILE % (name.encode(), b"") + b"--x--\r\n")[0] == 204
    assert (door.files()[0].name, door.files()[0].size) == (name, 0)
    assert lying(door)[0].parent.parent == door.home / "uploads"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    "asked", [{"cookie": "stranger"}, {"cookie": ""}, {"cookie": "forged.x"}, {"visit": "other"}, {"visit": "a/b"}]
)
def test_only_the_owner_of_a_visit_sends_and_takes_back(door, method, asked):
    if asked.get("cookie") == "stranger":
        asked = {"cookie": new_cookie(secret())}
    assert door.ask(method, **asked)[0] == 403
    assert door.passed == []


def test_the_owner_takes_back_and_other_requests_pass(door):
    assert door.ask("DELETE")[0] == door.ask("OPTIONS", cookie="")[0] == door.ask("GET", cookie="")[0] == 299


def test_a_request_that_no_page_of_ours_has_sent_is_refused(door, monkeypatch):
    monkeypatch.setattr(upload_door, "has_xsrf_token", lambda request: False)
    assert door.ask()[0] == door.ask("DELETE")[0] == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {"content-length": None}}, 411),
        ({"headers": {"content-length": str(300 * 2**20)}}, 413),
        ({"headers": {"content-type": "text/plain"}}, 400),
        ({"headers": {"content-type": "multipart/form-data"}}, 400),
        ({"body": FILE % (b"a", b"1") + FILE % (b"b", b"2") + b"--x--\r\n"}, 400),
        ({"body": b"--x--\r\n"}, 400),
        ({"body": b"nothing of that kind"}, 400),
        ({"body": FILE % (b"a", b"cut"), "cut": True}, 400),
    ],
)
def test_what_is_no_form_with_one_whole_file_leaves_nothing_behind(door, change, status):
    assert door.ask(**change)[0] == status
    assert (lying(door) if (door.home / "uploads").exists() else [], door.files()) == ([], [])


def test_a_refused_file_is_answered_with_a_sentence_and_its_page_drawn_again_to_say_it(door):
    door.manager.waiting = WaitingFiles(visit=100)
    status, text = door.ask()
    assert status == 413
    assert "not been taken in yet" in text
    assert "尚未导入" in text
    assert door.drawn == ["visit"]
    assert refusal_of_upload().code == "visit_uploads"


@pytest.mark.parametrize("limit", ["owner", "address"])
def test_another_tab_or_another_cookie_makes_no_more_room(door, limit):
    door.manager.waiting = WaitingFiles(**{limit: 5000})
    at_home = {"owner": Sender("other tab", owner_of(door.anna, secret()), "elsewhere")}
    before = at_home.get(limit, Sender("other tab", "another cookie", "192.0.2.1"))
    door.manager.waiting.book(door.home, before, "1", 4096)
    status, text = door.ask()
    assert (status, text) == (
        413,
        " ".join(phrase(language, f"errors.{limit}_uploads", allowed_mb=0) for language in LANGUAGES),
    )


def test_a_disk_that_fills_up_meanwhile_is_a_refusal_too(door, monkeypatch):
    def refuse(*asked) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload_door.SentForm, "write", refuse)
    assert door.ask()[0] == 413
    assert refusal_of_upload().code == "disk_full"
    assert lying(door) == []


def test_a_data_folder_that_cannot_be_used_takes_no_file(door, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TL_HOME", str(tmp_path / "file" / "inside"))
    assert door.ask()[0] == 403
