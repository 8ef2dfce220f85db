"""A client without cookies at a real server: its runs, those of a classmate, and the instructor who clears the line."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from patience import until
from playwright.sync_api import expect
from real_server import Server

from tests.proofs.crowds import flood, flooded
from tl_core.phrases import phrase
from tl_core.store.access import OPERATOR
from tl_core.store.limits import Limits, save_limits
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEY = "open sesame, please"
FEW = Limits(class_size=3, new_address=12)
MOST = FEW.new_address - FEW.class_size  # who keeps no cookie leaves room for a class
REFUSAL = phrase("en", "errors.too_many_new", found=MOST, allowed=MOST)


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A server behind a proxy, for a class of three."""
    with SqliteStore(tmp_path) as store:
        save_limits(store, FEW, by=OPERATOR)
    started = Server(tmp_path, TL_INSTRUCTOR_KEY=KEY, TL_PROXIES="1").wait()
    yield started
    started.stop()


def test_of_a_client_without_cookies_a_classmate_waits_for_at_most_one_run(server):
    seen = flooded(server.log.parent, server.port, lambda n_tries: n_tries < MOST + 4)
    assert seen.n_owners == MOST
    assert seen.said.count(REFUSAL) == 4
    assert seen.n_ahead <= 1


def test_the_instructor_sees_the_crowd_and_clears_it_in_one_step(server, page):
    page.goto(f"{server.url}/classroom?lang=en")
    page.get_by_text(phrase("en", "classroom.instructor")).click()
    page.get_by_label(phrase("en", "classroom.key")).fill(KEY)
    page.get_by_role("button", name=phrase("en", "classroom.enter"), exact=True).click()
    page.get_by_role("button", name=phrase("en", "classroom.hold")).click()
    expect(page.get_by_role("button", name=phrase("en", "classroom.go_on"))).to_be_visible()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, flood(server.port, lambda n_tries: n_tries < 6)).result()
    expect(page.get_by_text(phrase("en", "classroom.crowd_shares"))).to_be_visible()
    page.get_by_role("button", name=phrase("en", "classroom.crowd_clear", n=6)).click()
    question = page.get_by_test_id("stPopoverBody")
    expect(question).to_contain_text(phrase("en", "classroom.crowd_question"))
    question.get_by_role("button").click()
    expect(page.get_by_text(phrase("en", "classroom.crowd_shares"))).to_have_count(0)
    with SqliteStore(server.log.parent) as store:
        until("all are stopped", lambda: {run.state for run in store.list_runs()} == {RunState.STOPPED})
        assert len(store.list_runs()) == 6
