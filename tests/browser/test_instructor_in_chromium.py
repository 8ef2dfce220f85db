"""The instructor's way in, through a real server: the cookie, a restart, a link, and others who guess meanwhile."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from patience import PATIENCE_S
from playwright.sync_api import Browser, BrowserContext, Page, expect
from real_server import Server, new_context

from pages.measures.visitor import Visitor, visitor
from tl_core.paths import PROJECT
from tl_core.phrases import phrase
from tl_core.store.cookies import ADMISSION
from tl_core.store.instructor.key import MOST_WRONG

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEY = "open sesame, please"
N_TABS, N_GUESSES = 5, 20


@pytest.fixture
def start(tmp_path) -> Iterator:
    """Starts a server, in the place of the one before it."""
    running: list[Server] = []

    def restart(**environment: str) -> Server:
        while running:
            running.pop().stop()
        running.append(Server(tmp_path, TL_INSTRUCTOR_KEY=KEY, TL_PROXIES="1", **environment).wait())
        return running[0]

    yield restart
    while running:
        running.pop().stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = new_context(chromium, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    yield made
    made.close()


def enter(page: Page, key: str = KEY) -> None:
    """Gives the key, and waits for the desk and the cookie."""
    expect(page.get_by_text(phrase("en", "classroom.instructor"))).to_be_visible()
    page.get_by_text(phrase("en", "classroom.instructor")).click()
    page.get_by_label(phrase("en", "classroom.key")).fill(key)
    with page.expect_response("**/admission") as fetched:
        page.get_by_role("button", name=phrase("en", "classroom.enter"), exact=True).click()
    assert fetched.value.status == 204
    expect(desk(page)).to_be_visible()


def desk(page: Page):
    return page.get_by_role("button", name=phrase("en", "classroom.leave"))


def admission(context: BrowserContext) -> list[dict]:
    return [dict(cookie) for cookie in context.cookies() if cookie.get("name") == ADMISSION]


def is_out(page: Page) -> None:
    """Waits for the class page as a visitor has it."""
    expect(page.get_by_text(phrase("en", "classroom.instructor"))).to_be_visible()
    expect(desk(page)).to_have_count(0)


def test_an_admission_lasts_through_reload_and_restart_and_is_over_with_all_its_copies_when_the_instructor_leaves(
    start, context, chromium
):
    page = context.new_page()
    page.goto(f"{start().url}/classroom?lang=en")
    enter(page)
    (cookie,) = admission(context)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert ADMISSION not in page.evaluate("document.cookie")
    page.reload()
    expect(desk(page)).to_be_visible()
    copied = new_context(chromium, storage_state=context.storage_state())
    page.goto(f"{start().url}/classroom?lang=en")
    expect(desk(page)).to_be_visible()
    other = copied.new_page()
    other.goto(page.url)
    expect(desk(other)).to_be_visible()
    desk(page).click()
    is_out(page)  # a page that is loaded anew at once may take the click along
    for one in (page, other):
        one.reload()
        is_out(one)
    copied.close()


def test_a_link_from_the_console_admits_one_browser_while_the_server_runs(start, context, chromium, tmp_path):
    server = start()
    made = subprocess.run(
        [sys.executable, "-m", "tl_core", "admit"],
        cwd=PROJECT,
        env={"TL_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    link = made.stdout.splitlines()[-1]
    assert link.startswith(f"{server.url}/classroom?admit=")
    page = context.new_page()
    with page.expect_response("**/admission"):
        page.goto(link)
    expect(desk(page)).to_be_visible()
    assert "admit=" not in page.url
    page.reload()
    expect(desk(page)).to_be_visible()
    second = new_context(chromium, locale="en-GB")
    late = second.new_page()
    late.goto(link)
    expect(late.get_by_text(phrase("en", "classroom.bad_link").partition("`")[0])).to_be_visible()
    is_out(late)
    second.close()


async def tried(port: int, key: str, address: str) -> Visitor:
    """Opens the class page and gives a key."""
    one = await visitor(port, page="classroom", address=address)
    await one.open()
    await one.press("instructor-enter", {"instructor-key": {"string_value": key}})
    return one


async def _tab(port: int) -> list[str]:
    """Gives wrong keys, one after the other; returns what the page said."""
    one = await tried(port, "guess", "10.0.0.1")
    for _ in range(N_GUESSES - 1):
        await one.press("instructor-enter", {"instructor-key": {"string_value": "guess"}})
    await one.close()
    return one.said


async def _guess(port: int) -> tuple[list[str], bool]:
    """Has five tabs guess; returns what they were told, and whether a newcomer came in meanwhile at the first try."""
    guessing = asyncio.gather(*(_tab(port) for _ in range(N_TABS)))
    newcomer = await tried(port, KEY, "10.0.0.2")
    is_in = "hold" in newcomer.widgets and not guessing.done()
    await newcomer.close()
    return [sentence for said in await guessing for sentence in said], is_in


def test_while_five_tabs_guess_an_admitted_browser_and_a_newcomer_at_another_address_come_in_at_the_first_try(
    start, context
):
    server = start()
    page = context.new_page()
    page.goto(f"{server.url}/classroom?lang=en")
    enter(page)
    desk(page).click()
    is_out(page)
    with ThreadPoolExecutor(1) as beside:
        guessing = beside.submit(asyncio.run, _guess(server.port))
        page.reload()
        enter(page)
        said, is_in = guessing.result()
    assert is_in
    refusal = phrase("en", "errors.too_many_keys", seconds=2).partition("2")[0]
    n_tried = said.count(phrase("en", "classroom.wrong_key"))
    assert 1 <= n_tried <= MOST_WRONG
    assert n_tried + sum(sentence.startswith(refusal) for sentence in said) == N_TABS * N_GUESSES


def test_a_key_that_is_too_short_is_said_at_the_start_and_on_the_page(tmp_path, page):
    server = Server(tmp_path, TL_INSTRUCTOR_KEY="short").wait()
    try:
        said = phrase("en", "classroom.short_key", least=12)
        assert said in Path(server.log).read_text()
        page.goto(f"{server.url}/classroom?lang=en")
        page.get_by_text(phrase("en", "classroom.instructor")).click()
        expect(page.get_by_text(said)).to_be_visible()
    finally:
        server.stop()
