"""A visitor without a browser: speaks Streamlit's own protocol, as the page in a browser does.

One process can be a whole class this way. A visitor opens a page, learns the ids of its widgets, sets and presses them,
and asks for a fragment again as often as the page told it to.
"""

import asyncio
import re
import secrets
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tl_core.store.cookies import COOKIE

LIMIT_S = 60.0
UPLOAD_S, CHUNK_BYTES = 300.0, 2**20
CONTINUE, TAKEN = 100, 204  # what a server answers before it reads a file, and when it has it
PAGE = ""  # in the place of a fragment: the whole page
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
_XSRF = "_streamlit_xsrf"
_KEYED = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")  # what Streamlit calls a widget with a key


@dataclass(frozen=True, eq=False)
class _Question:
    """One request for a fragment (or the page), and whether it was answered, once that is known."""

    fragment: str
    done: asyncio.Future


@dataclass
class Visitor:
    """One open page.

    Attributes:
        socket: The open connection.
        query: Parameters of the page's address.
        page: The page, as the address names it; "" is the first.
        widgets: Key → id of the widgets on the page.
        polls: Fragment → seconds after which the page asks for it again.
        said: Sentences in coloured boxes, from the first one on.
        n_bytes: Bytes received so far.
        listening: Takes in what the server says; ends with the connection.
        cookie: The owner's key, without which no file is taken.
        is_forgetful: Keeps no message, so that the server sends each of them whole; a browser keeps them.
    """

    socket: ClientConnection
    query: dict[str, str]
    page: str = ""
    widgets: dict[str, str] = field(default_factory=dict)
    polls: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    n_bytes: int = 0
    listening: asyncio.Task | None = None
    cookie: str | None = None
    is_forgetful: bool = False
    _drawn: str = ""  # what the server calls the page, once it has said so
    _known: set[str] = field(default_factory=set)  # messages that the server need not send again
    _waiting: list["_Question"] = field(default_factory=list)  # in the order in which they were asked
    _addresses: dict[str, asyncio.Future] = field(default_factory=dict)  # asked for, to send files to
    _overtaken: list[str] = field(default_factory=list)  # fragments of the last run, if the next began before its end

    async def open(self) -> float | None:
        """Opens the page; returns the seconds until it was complete, as `ask` does."""
        return await self.ask(PAGE)

    async def close(self) -> None:
        """Leaves the page."""
        await self.socket.close()

    async def press(self, button: str, values: dict[str, dict]) -> float | None:
        """Sets widgets and presses a button; returns the seconds until the page was complete, as `ask` does.

        Args:
            button: The button's key.
            values: Key of a widget → the field of its `WidgetState` that carries the value.
        """
        states = [WidgetState(id=self.widgets[key], **value) for key, value in values.items()]
        return await self.ask(PAGE, [*states, WidgetState(id=self.widgets[button], trigger_value=True)])

    async def upload(self, key: str, name: str, data: bytes) -> int:
        """Sends a file as an upload field does; once the server has it, the page is drawn again.

        Args:
            key: The field's key.
            name: Of the file.
            data: Its content.

        Returns:
            The status of the server's answer: 204, or why it does not take the file.

        Raises:
            TimeoutError: The file was not taken in five minutes, or the page not drawn in one.
        """
        message, wanted = BackMsg(), asyncio.get_running_loop().create_future()
        message.file_urls_request.request_id = secrets.token_hex(8)
        message.file_urls_request.file_names.append(name)
        self._addresses[message.file_urls_request.request_id] = wanted
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(UPLOAD_S):
            urls = await wanted
            status = await _put(self.socket.remote_address[:2], urls.upload_url, name, data, self.cookie)
        if status == TAKEN:
            held = FileUploaderState()
            held.uploaded_file_info.add(file_id=urls.file_id, name=name, size=len(data), file_urls=urls)
            await self.ask(PAGE, [WidgetState(id=self.widgets[key], file_uploader_state_value=held)])
        return status

    async def ask(self, fragment: str, widgets: list[WidgetState] | tuple = ()) -> float | None:
        """Asks for a fragment, or the page.

        Returns:
            The seconds until it was complete; None where the server has dropped the question. Streamlit does so when
            two fragments of a page are asked for in the same moment; in a browser nobody notices but for an update that
            comes one poll later.

        Raises:
            TimeoutError: There was no answer in a minute.
        """
        done = asyncio.get_running_loop().create_future()
        began_s = time.perf_counter()
        self._waiting.append(_Question(fragment, done))
        await self.socket.send(self._message(fragment, widgets).SerializeToString())
        async with asyncio.timeout(LIMIT_S):
            is_answered = await done
        return time.perf_counter() - began_s if is_answered else None

    def _message(self, fragment: str, widgets: list[WidgetState] | tuple) -> BackMsg:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.fragment_id = urlencode(self.query), fragment
        asked.page_name, asked.page_script_hash = "" if self._drawn else self.page, self._drawn
        asked.is_auto_rerun = fragment != PAGE
        asked.cached_message_hashes.extend(self._known)
        asked.context_info.locale, asked.context_info.timezone = "en", "UTC"
        asked.widget_states.widgets.extend(widgets)
        return message

    async def listen(self) -> None:
        """Takes in what the server says until the connection is closed."""
        with suppress(ConnectionClosed):
            while True:
                self._take(await self.socket.recv(decode=False))

    def _take(self, data: bytes) -> None:
        self.n_bytes += len(data)
        message = ForwardMsg.FromString(data)
        if message.metadata.cacheable and not self.is_forgetful:
            self._known.add(message.hash)
        kind, fragments = message.WhichOneof("type"), list(message.metadata.run.fragment_ids)
        if kind == "delta":
            self._learn(message)
        elif kind == "new_session":
            self._begin(fragments)
        elif kind == "auto_rerun":
            self.polls[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.polls.pop(fragment, None)
        elif kind == "file_urls_response":
            answer = message.file_urls_response
            self._addresses.pop(answer.response_id).set_result(answer.file_urls[0])
        elif kind == "navigation":
            self._drawn = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = dict(parse_qsl(message.page_info_changed.query_string))
        elif kind == "script_finished" and message.script_finished in DONE:
            self._finish(fragments or [question.fragment for question in self._waiting])  # a page has all fragments
        elif kind == "script_finished":
            self._overtaken = fragments

    def _begin(self, fragments: list[str]) -> None:
        """Notes the begin of a run: what it overtook is complete, unless the whole page comes anew."""
        if fragments:
            self._finish(self._overtaken)
        else:
            self.polls.clear()
        self._overtaken = []

    def _finish(self, fragments: list[str]) -> None:
        """Settles what these fragments answer; a question asked before the last of those was dropped by the server."""
        answered = [place for place, question in enumerate(self._waiting) if question.fragment in fragments]
        settled = self._waiting[: max(answered, default=-1) + 1]
        self._waiting = self._waiting[len(settled) :]
        for question in settled:
            if not question.done.done():
                question.done.set_result(question.fragment in fragments)

    def _learn(self, message: ForwardMsg) -> None:
        """Keeps the id of a widget that has a key, and what a coloured box says."""
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        if element.WhichOneof("type") == "alert":
            self.said.append(element.alert.body)
        widget = getattr(element, element.WhichOneof("type") or "", None)
        found = _KEYED.fullmatch(getattr(widget, "id", "") or "")
        if found:
            self.widgets[found[1]] = found[0]


async def visitor(
    port: int, *, page: str = "lab", cookie: str | None = None, address: str | None = None, **query: str
) -> Visitor:
    """Connects a visitor, who listens from now on; nothing is asked for yet.

    Args:
        port: The server's.
        page: The page, as the address names it; "" is the first.
        cookie: The owner's key that the browser has kept; None: it has none.
        address: From where, for a server that believes its proxy; None: this machine.
        **query: Parameters of the page's address.
    """
    headers = {"Origin": f"http://localhost:{port}", **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})}
    headers |= {"X-Forwarded-For": address} if address else {}
    socket = await connect(
        f"ws://localhost:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=headers,
        max_size=None,
        open_timeout=LIMIT_S,
    )
    made = Visitor(socket, {"lang": "en", **query}, page, cookie=cookie)
    made.listening = asyncio.create_task(made.listen())
    return made


async def _put(server: tuple[str, int], path: str, name: str, data: bytes, cookie: str | None) -> int:
    """Sends a file as a form with one field, in pieces, once the server says that it will read it; returns its answer.

    A browser does not ask first. So it sees an ended connection where this one is told the reason.
    """
    token, border = await _token(server), secrets.token_hex(16)
    begin = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    end = f"\r\n--{border}--\r\n".encode()
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        "Origin: http://localhost\r\n"
        f"Cookie: {_XSRF}={token}; {COOKIE}={cookie}\r\nX-Xsrftoken: {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={border}\r\n"
        f"Content-Length: {len(begin) + len(data) + len(end)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(*server)
    with closing(writer):
        writer.write(head.encode())
        if (status := await _status(reader)) != CONTINUE:
            return status
        await reader.readline()
        view = memoryview(data)
        for piece in (begin, *(view[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)), end):
            writer.write(piece)
            await writer.drain()
        return await _status(reader)


async def _status(reader: asyncio.StreamReader) -> int:
    return int((await reader.readline()).split()[1])


async def _token(server: tuple[str, int]) -> str:
    """Returns what the server gives to browsers and asks for again with a file, so that no other site can send one."""
    reader, writer = await asyncio.open_connection(*server)
    with closing(writer):
        writer.write(b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        found = re.findall(rf"{_XSRF}=([^;\s]+)", (await reader.read()).decode())
    return found[0]
