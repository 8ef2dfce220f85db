"""The frame of Transfer Lab: what `streamlit run app.py` serves, and the script that it runs for each visitor.

The file has two lives. Imported (by `streamlit run`, as the module `app`), it is the server: Streamlit, routes for
the charts' script, the instructor's cookie, announcements and whoever watches the server, and the engine started with
it. Run (by Streamlit for each visitor, or by AppTest), it is the frame of every page.
"""

import asyncio
import ctypes
import gc
import gzip
import os
import socket
import sqlite3
import sys
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

import streamlit as st

from tl_core.errors import TransferLabError
from tl_core.phrases import explain, phrase

HERE = Path(__file__).resolve().parent
M_ARENA_MAX = -8  # a parameter of glibc's mallopt (malloc.h)
PLOTLY = HERE / "assets" / "web" / "plotly-basic.min.js"


@cache
def _plotly(is_compressed: bool) -> bytes:
    """Returns Plotly's script, read (and compressed) once: 1.2 MB, 0.4 MB compressed."""
    script = PLOTLY.read_bytes()
    return gzip.compress(script, mtime=0) if is_compressed else script


def serve_plotly(request):
    """Answers with Plotly's script; its address carries the version, so browsers may keep it for a year."""
    from starlette.responses import Response

    is_compressed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(_plotly(is_compressed), media_type="text/javascript", headers=headers)


def routes() -> list:
    """Returns the routes beside Streamlit's own, below `server.baseUrlPath` like those."""
    from starlette.routing import Route

    from pages.ui.admission import serve_admission
    from pages.ui.announcement import serve_announcement
    from pages.ui.monitoring import serve_health, serve_metrics

    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return [
        Route(f"/{base}/assets/plotly-basic.min.js".replace("//", "/"), serve_plotly, methods=["GET"]),
        Route(f"/{base}/admission".replace("//", "/"), serve_admission, methods=["POST"]),
        Route(f"/{base}/announcement".replace("//", "/"), serve_announcement, methods=["GET"]),
        Route(f"/{base}/healthz".replace("//", "/"), serve_health, methods=["GET"]),
        Route(f"/{base}/metrics".replace("//", "/"), serve_metrics, methods=["GET"]),
    ]


def keep_memory_together() -> None:
    """Has all threads share two heaps: glibc gives each core up to eight, and what a class left there stays."""
    with suppress(AttributeError, OSError, TypeError):  # another system's memory has no such switch
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def note_weaknesses() -> None:
    """Says once, for the operator, what is not as it should be."""
    from tl_core.disk.error_log import log_note
    from tl_core.store.instructor.key import LEAST_LENGTH, is_too_short
    from tl_core.store.sqlite.schema import WITHOUT_WAL_RESET_BUG

    if sqlite3.sqlite_version_info < WITHOUT_WAL_RESET_BUG:
        fixed = ".".join(map(str, WITHOUT_WAL_RESET_BUG))
        log_note(phrase("en", "sqlite.wal_reset_bug", found=sqlite3.sqlite_version, fixed=fixed))
    if is_too_short():
        print(phrase("en", "classroom.short_key", least=LEAST_LENGTH), file=sys.stderr)


def greet() -> None:
    """Says where the lab is to be found, and what it means where other machines may come."""
    from pages.ui.admission import local_address
    from pages.ui.streamlit_internals import EVERYWHERE, LOCAL
    from tl_core.store.instructor.key import key_in_use

    address, port, hosts = (st.get_option(f"server.{name}") for name in ("address", "port", "allowedHosts"))
    print(f"Transfer Lab: {local_address()}/", flush=True)
    if address in LOCAL:
        return
    address, names = address or EVERYWHERE[0], ", ".join(hosts)
    if {*hosts} - {*LOCAL}:
        print(phrase("en", "start.open", address=address, port=port, names=names), flush=True)
    else:
        print(phrase("en", "start.nameless", address=address, example=socket.gethostname()), flush=True)
    if not key_in_use():
        print(phrase("en", "start.keyless"), flush=True)


@asynccontextmanager
async def lifespan(server):
    """Starts the engine before the first visitor comes, and ends it and its worker with the server."""
    keep_memory_together()
    from pages.ui import (
        admission,
        blocks,  # noqa: F401 (loads pandas and Plotly now, not at the first visit)
        upload_door,
    )
    from tl_core.disk.home import OTHERS, data_home
    from tl_core.engine import singleton
    from tl_core.store.instructor.links import note_address

    os.umask(OTHERS)
    note_weaknesses()
    try:
        singleton.engine()
        note_address(data_home(), admission.local_address())
    except TransferLabError as error:  # an unusable data folder, or one that another server uses: the pages say so too
        print(explain(error, "en"), file=sys.stderr)
    greet()
    gc.collect()
    gc.freeze()  # Streamlit collects garbage after every run; what was loaded at the start need not be looked at again
    timer = asyncio.create_task(upload_door.clear_regularly())
    yield
    timer.cancel()
    singleton.close()


def draw_frame() -> None:
    """Draws what is around every page, then the page."""
    from pages.ui import frame

    frame.draw()


if __name__ == "__main__":
    draw_frame()
else:
    from starlette.middleware import Middleware

    from pages.ui import error_page
    from pages.ui.cookie import OwnerCookie
    from pages.ui.gate import Gate
    from pages.ui.media_door import MediaDoor
    from pages.ui.streamlit_internals import (
        allow_hosts,
        ask_nobody_for_our_address,
        bind_visits_to_owners,
        ignore_pages_folder,
        keep_uploads_on_disk,
    )
    from pages.ui.streamlit_media import keep_media_for_owners
    from pages.ui.upload_door import UploadDoor
    from tl_core.disk.error_log import hide_visits

    ask_nobody_for_our_address()
    ignore_pages_folder()
    allow_hosts()
    bind_visits_to_owners()
    hide_visits()
    keep_uploads_on_disk()
    keep_media_for_owners()
    doors = [Middleware(Gate), Middleware(OwnerCookie), Middleware(UploadDoor), Middleware(MediaDoor)]
    app = st.App(__file__, routes=routes(), lifespan=lifespan, middleware=doors, on_script_error=error_page.show)
