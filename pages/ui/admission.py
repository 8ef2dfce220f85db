"""How somebody becomes the instructor, for this visit at once and for the browser until the admission ends.

A page is drawn over a connection on which no cookie can be set. So the visit gets a ticket, with which its browser
fetches the cookie from a route of this server: scripts in the page never see the cookie, and a ticket works once.
"""

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from pages.ui import state
from pages.ui.component import component
from pages.ui.cookie import set_cookie_line
from pages.ui.text import sentence, t
from tl_core.disk.home import data_home
from tl_core.engine.singleton import admissions, secret
from tl_core.errors import TransferLabError
from tl_core.store.cookies import ADMISSION, admission_cookie
from tl_core.store.instructor.key import key_in_use
from tl_core.store.instructor.links import ASKED, use_link

TICKET = "x-ticket"  # a header that no other site's page may send

_FETCH = component("admission")


def admit() -> None:
    """Makes this visitor the instructor, and has the browser fetch the cookie when the page is drawn."""
    id = admissions().admit()
    state.put("admission", id)
    state.put("ticket", admissions().ticket(id))


def leave() -> None:
    """Makes the instructor a visitor like any other, in every tab, and wherever the cookie was copied to."""
    admissions().revoke(state.admission())
    state.pop("ticket")


def open_link() -> None:
    """Admits who comes by a link of the operator's; says so where it is used up."""
    code = state.pop_asked(ASKED)
    try:
        if code is not None and use_link(data_home(), code):
            admit()
        elif code is not None and not state.visitor().is_instructor:
            st.error(t("classroom.bad_link"))
    except TransferLabError as error:
        st.error(sentence(error))
    if ticket := state.get("ticket"):
        _FETCH(data={"ticket": ticket}, key="admission", height=1)


def serve_admission(request: Request) -> Response:
    """Answers a ticket with the cookie of its admission."""
    id = admissions().redeem(request.headers.get(TICKET, ""))
    if id is None:
        return Response(status_code=404)
    line = set_cookie_line(request, ADMISSION, admission_cookie(id, secret(), key_in_use()))
    return Response(status_code=204, headers={"set-cookie": line, "cache-control": "no-store"})


def local_address() -> str:
    """Returns where this machine's browsers reach the server."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    told = st.get_option("server.address")
    host = "localhost" if told in (None, "", "0.0.0.0", "::") else told
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{st.get_option('server.port')}/{base}".rstrip("/")
