"""The door for files: who may send and take back which, how much may wait, and from the first byte on to disk.

Streamlit would read a file into memory, from anybody who knows its address. Here it is streamed into the data folder,
for the owner of the visit alone; what nobody takes in goes a minute after the visit has ended.
"""

import asyncio
import os
import re
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import streamlit as st
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui.cookie import owner_of_browser
from pages.ui.streamlit_internals import draw_again, has_xsrf_token, is_open, owner_of_visit, waiting_files
from tl_core.disk.home import data_home
from tl_core.disk.space import storage_error
from tl_core.engine.imports.waiting_files import Sender, WaitingFile
from tl_core.errors import StoreError
from tl_core.phrases import explain
from tl_core.store.instructor.key import client_address

LOOK_S = 2.0
FORM_BYTES = 2**20  # what may be around a file
_ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")


class UploadDoor:
    """Takes files in itself, and lets only an owner's request to remove one pass on to Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a PUT, refuses a stranger's PUT or DELETE, and passes everything else on."""
        is_about_file = scope["type"] == "http" and "/_stcore/upload_file/" in scope["path"]
        if not is_about_file or scope["method"] not in ("PUT", "DELETE"):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        address = _ADDRESS.search(scope["path"])
        visit, file_id = address.groups() if address else ("", "")
        owner = owner_of_browser(request)
        if owner is None or owner != owner_of_visit(visit) or not has_xsrf_token(request):
            await PlainTextResponse("Not yours.", 403)(scope, receive, send)
        elif scope["method"] == "DELETE":
            await self._app(scope, receive, send)
        else:
            sender = Sender(visit, owner, _address(request))
            await (await _taken(request, sender, file_id))(scope, receive, send)


def _address(request: Request) -> str:
    """Returns the address from where a request comes, as far as it can be believed."""
    return client_address(request.client.host if request.client else None, request.headers.getlist("x-forwarded-for"))


async def _taken(request: Request, sender: Sender, file_id: str) -> Response:
    """Takes a file in; returns the answer."""
    visit = sender.visit
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        return PlainTextResponse("Say how long it is.", 411)
    if int(length) > st.get_option("server.maxUploadSize") * 2**20 + FORM_BYTES:
        return PlainTextResponse("File too large", 413)
    waiting = waiting_files()
    try:
        folder = await run_in_threadpool(waiting.book, data_home(), sender, file_id, int(length))
    except StoreError as refusal:
        return await _refused(request, visit, refusal)
    is_kept = False
    try:
        file = await _received(request, folder, file_id)
        is_kept = waiting.keep(visit, folder, file)
    except (FormParserError, ClientDisconnect):
        pass
    except OSError as error:  # the disk is full by now
        return await _refused(request, visit, storage_error(folder, error, int(length)))
    finally:
        if not is_kept:
            waiting.remove(visit, file_id)
    return Response(status_code=204) if is_kept else PlainTextResponse("Expected one file.", 400)


async def _refused(request: Request, visit: str, refusal: StoreError) -> Response:
    """Has the page say why a file is refused; returns the same as an answer.

    A browser reads no answer before it has sent all that it wants to, so the rest is read and dropped.
    """
    with suppress(ClientDisconnect, RuntimeError):  # it left; all was read before
        async for _ in request.stream():
            pass
    waiting_files().note_refusal(visit, refusal, time.monotonic())
    draw_again(visit)
    return PlainTextResponse(" ".join(explain(refusal, language) for language in ("en", "zh")), 413)


async def _received(request: Request, folder: Path, file_id: str) -> WaitingFile:
    """Writes the one file of a form into a folder, piece by piece.

    Raises:
        FormParserError: This is no form with one file.
        ClientDisconnect: The browser left.
        OSError: The disk refuses.
    """
    with closing(SentForm(request.headers.get("content-type", ""), folder / "file")) as form:
        async for piece in request.stream():
            await run_in_threadpool(form.write, piece)
    if not form.is_whole:
        raise FormParserError("cut short")
    return WaitingFile(file_id, form.name, form.kind, form.path, form.n_bytes)


class SentForm:
    """A form as a browser sends it, with one file, which is written to a path while the pieces come.

    Attributes:
        name: What the browser calls the file.
        kind: The type of content that it names.
        n_bytes: Written so far.
        is_whole: Whether the form has come to its end.

    Raises:
        FormParserError: This is no such form; also from `write`.
        OSError: The disk refuses; also from `write`.
    """

    def __init__(self, content_type: str, path: Path) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise FormParserError("no form")
        self.path, self.name, self.kind, self.n_bytes, self.is_whole = path, "", "", 0, False
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._file = open(path, "xb", opener=partial(os.open, mode=0o600))  # noqa: SIM115 (see close)
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_to_field,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_file,
                "on_part_data": self._write_content,
                "on_end": self._end,
            },
        )

    def write(self, piece: bytes) -> None:
        """Takes in the next piece of the form."""
        self._parser.write(piece)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _begin_part(self) -> None:
        if self._headers:
            raise FormParserError("more than one part")

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value.strip()
        self._field = self._value = b""

    def _begin_file(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"filename" not in options:
            raise FormParserError("no file")
        self.name = options[b"filename"].decode("utf-8", "replace")
        self.kind = self._headers.get(b"content-type", b"application/octet-stream").decode("latin-1")

    def _write_content(self, data: bytes, start: int, end: int) -> None:
        self.n_bytes += self._file.write(data[start:end])

    def _end(self) -> None:
        self.is_whole = bool(self._headers)


async def clear_regularly() -> None:
    """Removes what ended visits have left, every few seconds, for as long as the server lives."""
    while True:
        await asyncio.sleep(LOOK_S)
        await run_in_threadpool(partial(waiting_files().expire, is_open, time.monotonic()))
