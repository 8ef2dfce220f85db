"""A class in a mission: the instructor pauses every page, and shows what all predict."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from real_server import Server, new_context, settle

from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEY = "open sesame, please"
BANNER = "#tl-announcement"
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = "async () => (await axe.run(document)).violations"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server"), TL_INSTRUCTOR_KEY=KEY).wait()
    yield started
    started.stop()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator:
    """Opens a page in a browser of somebody's own."""
    contexts = []

    def opened(address: str) -> Page:
        contexts.append(new_context(chromium, viewport={"width": 1280, "height": 900}, locale="en-GB"))
        page = contexts[-1].new_page()
        page.goto(address)
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def press(page: Page, key: str, **values: object) -> None:
    page.get_by_role("button", name=phrase("en", key, **values), exact=True).last.click()


def test_a_student_bets_sees_the_class_and_is_paused(server, open_page):
    student = open_page(f"{server.url}/learn?lang=en&mission=three-ways")
    press(student, "learn.next")
    student.get_by_text("From scratch", exact=True).last.click()
    press(student, "learn.lock")
    expect(student.get_by_role("spinbutton")).to_be_visible()

    desk = open_page(f"{server.url}/classroom?lang=en")
    desk.get_by_text(phrase("en", "classroom.instructor")).click()
    desk.get_by_label(phrase("en", "classroom.key")).fill(KEY)
    press(desk, "classroom.enter")
    desk.get_by_role("tab", name=phrase("en", "classroom.missions"), exact=True).click()
    expect(desk.locator(".tl-steps tbody tr")).to_have_count(1)
    expect(desk.locator(".tl-steps .now")).to_contain_text("3. ")

    desk.get_by_text(phrase("en", "missions.show"), exact=True).click()
    student.get_by_role("button", name="2").click()
    expect(student.get_by_text(phrase("en", "missions.class_predicts"))).to_be_visible()
    expect(student.locator("[class*=st-key-class-predictions] .plot-container")).to_be_visible()

    desk.get_by_label(phrase("en", "missions.pause_text")).fill("<i>Look</i> here")
    desk.get_by_label(phrase("en", "missions.pause_text")).press("Tab")
    press(desk, "missions.pause")
    for page in (student, desk):
        expect(page.locator(BANNER)).to_have_text("<i>Look</i> here")
    assert student.locator(BANNER).get_attribute("role") == "status"
    desk.evaluate(AXE)
    assert [(fault["id"], fault["nodes"]) for fault in desk.evaluate(RUN_AXE)] == []
    press(desk, "missions.end_pause")
    expect(student.locator(BANNER)).to_have_text("")
    student.wait_for_load_state("networkidle")  # a short question every few seconds is no traffic
