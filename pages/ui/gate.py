"""Who may talk to the server, and what every answer tells a browser to keep from it.

A browser sends this lab's cookie along with whatever a page of another port asks of this host, and a stranger's name
may be made to lead here (DNS rebinding). So the name must be one that the operator knows, and what changes anything
must come from a page of this very server.
"""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from textwrap import fill
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui.streamlit_internals import first_page, is_host_allowed
from tl_core.phrases import LANGUAGES, phrase

_SAFE = ("GET", "HEAD", "OPTIONS")  # methods that change nothing
_FIRST_ASKED = ("/_stcore/health", "/_stcore/host-config")
_PORTS = {"http": 80, "https": 443}  # that stand in no address
_SHOWN = 100  # characters of a name that somebody else chose
_NO_FEATURES = ("display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")


class Gate:
    """Refuses strangers with one sentence, and gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": _policy(first_page()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(["camera=(self)", *(f"{feature}=()" for feature in _NO_FEATURES)]),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may pass; to every answer it adds the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        headers, is_secret, has_begun = dict(self._headers), is_encrypted(connection), False
        if is_secret:
            headers["Strict-Transport-Security"] = "max-age=31536000"

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message).update(headers)
                if is_secret:
                    message["headers"] = [(name, _secure(name, value)) for name, value in message["headers"]]
            await send(message)

        try:
            await (_refusal(connection) or self._app)(scope, receive, send_with_headers)
        except Exception:  # Starlette would answer past this gate, without the headers; it still writes the log
            if scope["type"] == "http" and not has_begun:
                await PlainTextResponse("Internal Server Error", 500)(scope, receive, send_with_headers)
            raise


def _secure(name: bytes, value: bytes) -> bytes:
    """Returns a header's value; that of a cookie, Streamlit's own too, so that it never travels in the open."""
    is_open = name.lower() == b"set-cookie" and not re.search(rb";\s*secure\s*(;|$)", value, re.IGNORECASE)
    return value + b"; Secure" if is_open else value


def is_encrypted(connection: HTTPConnection) -> bool:
    """Says whether the browser speaks TLS, to this server or to the proxy before it.

    Any client may say so of itself; it would only make its own answers stricter.
    """
    told = connection.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return told == "https" or connection.scope["scheme"] in ("https", "wss")


def _policy(page: str) -> str:
    """Returns what a browser may load and run: what this server sends, and what Streamlit makes of that in the page."""
    inline = [sha256(script.encode()).digest() for script in re.findall("<script>(.*?)</script>", page, re.DOTALL)]
    hashes = [f"'sha256-{b64encode(digest).decode()}'" for digest in inline]
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self' blob:", *hashes]),  # blob: scripts of the pages' own pieces
        "style-src": "'self' 'unsafe-inline'",  # Streamlit makes its styles in the page
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _refusal(connection: HTTPConnection) -> Response | None:
    """Returns the answer to what may not pass; None for what may."""
    host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
    is_change = connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE
    if not is_host_allowed(host):
        return _answer(connection, 421, "host", host=host)
    if is_change and origin is None:
        return _answer(connection, 403, "no_origin")
    if is_change and not _is_own(origin or "", connection):
        return _answer(connection, 403, "origin", origin=origin, host=host)
    # Streamlit's page asks these before it connects, and shows what it hears: the one place where visitors can be told
    # that their connection will be refused. What changes nothing names no origin; but it does name the page.
    page = connection.headers.get("referer")
    if page and connection.scope["path"].endswith(_FIRST_ASKED) and not _is_own(page, connection):
        return _answer(connection, 421, "origin", origin="/".join(page.split("/")[:3]), host=host)
    return None


def _is_own(address: str, connection: HTTPConnection) -> bool:
    """Says whether an address is of the scheme, name and port that the request was sent to."""
    try:
        page = urlsplit(address)
        asked = urlsplit(f"{page.scheme}://{connection.headers['host']}")
        is_same = _place(page) == _place(asked)
    except ValueError:  # a port that is none, half an IPv6 address
        return False
    return is_same and page.scheme in (("https",) if is_encrypted(connection) else ("http", "https"))


def _place(url: SplitResult) -> tuple[str | None, int | None]:
    return url.hostname, url.port or _PORTS.get(url.scheme)


def _answer(connection: HTTPConnection, status: int, why: str, **values: str | None) -> Response:
    """Returns one sentence: for a person, as a page in every language; for a page, in its visitor's."""
    shown = {name: (value or "")[:_SHOWN] for name, value in values.items()}
    said = {language: phrase(language, f"gate.{why}", **shown) for language in LANGUAGES}
    if "text/html" in connection.headers.get("accept", ""):
        lines = "".join(f'<p lang="{language}">{escape(text)}</p>' for language, text in said.items())
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Transfer Lab</title>'
        return HTMLResponse(f"<!doctype html><html>{head}<body>{lines}</body></html>", status)
    is_chinese = connection.headers.get("accept-language", "").lower().startswith("zh")
    lines = fill(said["zh"], 24) if is_chinese else fill(said["en"], 48)
    return JSONResponse(lines, status)  # Streamlit's page reads JSON only, and shows it without breaking its lines
