"""How a browser gets the cookie that says who the instructor is."""

from http.cookies import SimpleCookie

import pytest
import streamlit as st
from starlette.requests import Request

from pages.ui.admission import TICKET, local_address, serve_admission
from tl_core.engine.singleton import admissions, secret
from tl_core.store.cookies import ADMISSION, admission_of


@pytest.fixture(autouse=True)
def _home(home):
    """A data folder of the test's own."""


def fetch(ticket: str, scheme: str = "http"):
    """Returns what the route answers to a ticket."""
    scope = {"type": "http", "method": "POST", "path": "/admission", "query_string": b"", "scheme": scheme}
    return serve_admission(Request({**scope, "headers": [(TICKET.encode(), ticket.encode())], "server": ("a", 1)}))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_ticket_brings_a_cookie_that_scripts_cannot_read_and_no_cache_keeps(scheme):
    id = admissions().admit()
    answer = fetch(admissions().ticket(id), scheme)
    cookie = SimpleCookie(answer.headers["set-cookie"])[ADMISSION]
    assert (answer.status_code, answer.body, answer.headers["cache-control"]) == (204, b"", "no-store")
    assert admission_of(cookie.value, secret(), "") == id
    assert (cookie["httponly"], cookie["samesite"], bool(cookie["secure"])) == (True, "lax", scheme == "https")


def test_a_ticket_that_was_used_brings_none():
    ticket = admissions().ticket(admissions().admit())
    assert [fetch(ticket).status_code for _ in range(2)] == [204, 404]
    assert "set-cookie" not in fetch(ticket).headers


@pytest.mark.parametrize(
    ("host", "base", "address"),
    [
        ("0.0.0.0", "", "http://localhost:9000"),
        (None, "/lab/", "http://localhost:9000/lab"),
        ("192.168.1.7", "", "http://192.168.1.7:9000"),
        ("::1", "", "http://[::1]:9000"),
    ],
)
def test_the_server_knows_where_this_machine_reaches_it(monkeypatch, host, base, address):
    options = {"server.address": host, "server.baseUrlPath": base, "server.port": 9000}
    monkeypatch.setattr(st, "get_option", options.get)
    assert local_address() == address
