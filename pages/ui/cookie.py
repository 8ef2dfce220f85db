"""The server's side of ownership: every browser that opens a page gets a key of its own, in a cookie.

Scripts in the page cannot read it, other sites cannot send it along with their forms, and no address holds it. What a
browser asks for later, a connection, a file or a picture, is answered as to the owner of the cookie that comes with it.
"""

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui.gate import is_encrypted
from pages.ui.streamlit_internals import OWNER_HEADER
from tl_core.engine.singleton import secret
from tl_core.errors import TransferLabError
from tl_core.store.cookies import COOKIE, new_cookie, owner_of

LASTS_S = 365 * 24 * 3600  # from the last visit on


class OwnerCookie:
    """Hands out the key with the page, and keeps the one that a browser brings."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes every request on, a connection with its owner's name; to answers that are pages it adds the cookie."""
        if scope["type"] == "websocket":
            scope = _signed(scope)
        if scope["type"] != "http" or "text/html" not in Request(scope).headers.get("accept", ""):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_for_all = "public" in headers.get("cache-control", "")  # a cache would hand one's key to all
                if not is_for_all and (line := _cookie_line(Request(scope))):
                    headers.append("set-cookie", line)
                    headers["cache-control"] = "private, no-cache"
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def owner_of_browser(connection: HTTPConnection) -> str | None:
    """Returns whose cookie a request brings; None without one, and while the data folder cannot be used."""
    try:
        return owner_of(connection.cookies.get(COOKIE), secret())
    except TransferLabError:
        return None


def _signed(scope: Scope) -> Scope:
    """Returns a connection with its owner in a header of the server's own, whatever its browser wrote there."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != OWNER_HEADER]
    owner = owner_of_browser(HTTPConnection(scope))
    return {**scope, "headers": [*headers, (OWNER_HEADER, owner.encode())] if owner else headers}


def _cookie_line(request: Request) -> str | None:
    """Returns the header's value; None while the data folder cannot be used, which every page says."""
    try:
        brought = request.cookies.get(COOKIE, "")
        value = brought if owner_of(brought, secret()) else new_cookie(secret())
    except TransferLabError:
        return None
    return set_cookie_line(request, COOKIE, value)


def set_cookie_line(request: Request, name: str, value: str) -> str:
    """Returns the header's value for a cookie that no script can read, encrypted where the page is."""
    response = Response()
    response.set_cookie(name, value, max_age=LASTS_S, httponly=True, samesite="lax", secure=is_encrypted(request))
    return response.headers["set-cookie"]
