"""What the instructor says to all pages: a route that every page asks every few seconds, by a script of its own.

Streamlit is not asked for it: a page of which nothing else moves would have to be drawn again and again.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse

from pages.ui import services
from tl_core.errors import TransferLabError
from tl_core.store.instructor.announcement import announcement


def serve_announcement(request: Request) -> JSONResponse:
    """Answers with id and text of what is announced; with neither while nothing is, or nothing can be read."""
    try:
        told = announcement(services.engine().store)
    except TransferLabError:  # the pages say why
        told = None
    said = {} if told is None else {"id": told.id, "text": told.text}
    return JSONResponse(said, headers={"cache-control": "no-store"})
