"""The door of pictures and downloads: it opens to the browsers whose pages have them, and to nobody else.

Streamlit derives the address from the content, so whoever has, or guesses, the one could ask for the other.
"""

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui.cookie import owner_of_browser
from pages.ui.streamlit_media import media_files


class MediaDoor:
    """Answers whoever may not have a file as if there were none, and lets no cache between keep one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what is not for this browser; passes everything else on."""
        before, is_media, name = scope["path"].rpartition("/media/") if scope["type"] == "http" else ("", "", "")
        if not is_media or before.endswith("/static"):  # of the pages' own files, such as their fonts
            await self._app(scope, receive, send)
            return

        async def send_for_one(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("cache-control", "private")
            await send(message)

        if media_files().is_for(owner_of_browser(HTTPConnection(scope)), name):
            await self._app(scope, receive, send_for_one)
        else:
            await PlainTextResponse("File not found", 404)(scope, receive, send)
