"""A real server as programs see it that watch it: it is well, and it knows how many pages are open."""

import json
import re
import urllib.request
from contextlib import ExitStack

import pytest
from patience import PATIENCE_S, until
from real_server import Server
from websockets import Subprotocol
from websockets.sync.client import connect

pytestmark = pytest.mark.browser
N_PAGES = 70  # more than are answered each second


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server of this file's own, below a path, as it stands behind a proxy."""
    started = Server(tmp_path_factory.mktemp("watched"), STREAMLIT_SERVER_BASE_URL_PATH="lab")
    started.url += "/lab"
    yield started.wait()
    started.stop()


def asked(server: Server, path: str) -> str:
    with urllib.request.urlopen(f"{server.url}/{path}", timeout=PATIENCE_S) as answer:
        assert answer.status == 200
        return answer.read().decode()


def measured(server: Server, name: str) -> float:
    return float(re.search(rf"^transfer_lab_{name} ([0-9.]+)$", asked(server, "metrics"), re.MULTILINE)[1])


def test_a_server_that_has_started_is_well_below_its_path(watched):
    assert json.loads(asked(watched, "healthz")) == {"status": "ok"}
    assert measured(watched, "healthy") == 1
    assert measured(watched, "workers") == 1


def test_every_open_page_counts_as_long_as_it_is_connected_and_whoever_only_watches_does_not(watched):
    before = measured(watched, "uptime_seconds")
    assert measured(watched, "sessions") == 0
    address, origin = f"ws://localhost:{watched.port}/lab/_stcore/stream", f"http://localhost:{watched.port}"
    with ExitStack() as pages:
        for _ in range(N_PAGES):
            pages.enter_context(connect(address, subprotocols=[Subprotocol("streamlit")], origin=origin))
        until("the server knows of all pages", lambda: measured(watched, "sessions") == N_PAGES)
    until("the server knows that they are closed", lambda: measured(watched, "sessions") == 0)
    assert measured(watched, "uptime_seconds") > before
