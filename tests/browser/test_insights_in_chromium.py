"""From a finished run to the pictures behind a number, with the mouse and with the keyboard alone."""

import pytest
from patience import wait_for
from playwright.sync_api import Page, expect

from pages.measures.clicks import IDLE
from tests.pages.fake_runs import record_finished
from tl_core.phrases import phrase
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.store.access import Visitor
from tl_core.store.records import Visibility
from tl_core.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.browser

PRESSED = "button[aria-pressed=true]"


@pytest.fixture(scope="module")
def run(server) -> str:
    """A run and its baseline that the class sees; 40 mistakes on 200 pictures, each taken for the next class."""
    with SqliteStore(server.log.parent) as store:
        spec = plan_run({"epochs": 2})
        run_id = record_finished(store, spec, 0.8, role="run", name="a run", owner="anna")
        twin_id = record_finished(
            store, baseline_of(spec), 0.3, role="baseline", name="its twin", owner="anna", twin_id=run_id
        )
        for one in run_id, twin_id:
            store.share(one, Visibility.CLASS, by=Visitor("anna"))
    return run_id


def shown(page: Page, about: str) -> None:
    """Expects a cell's words above pictures that are what it says, as many as it says."""
    expect(page.locator("strong").get_by_text(about, exact=True)).to_be_visible()
    gallery = page.get_by_role("group", name=about, exact=True)
    expect(gallery.locator("img").first).to_be_visible()
    wait_for(page, f"!!document.querySelector('{IDLE}')")
    n_pictures = gallery.locator("img").count()
    assert f": {n_pictures} picture" in about
    assert {about.split(": ")[0]} == {
        image.get_attribute("alt").split(" (")[0] for image in gallery.locator("img").all()
    }


def test_a_press_on_a_cell_shows_its_pictures_on_the_way_from_the_lab(server, page, run):
    page.goto(f"{server.url}/?lang=en&run={run}")
    page.get_by_role("link", name=phrase("en", "panel.insights")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(phrase("en", "insights.title"))
    table = page.get_by_role("grid", name=phrase("en", "insights.matrix_label")).first
    expect(table).to_be_visible()
    shown(page, table.locator(PRESSED).get_attribute("aria-label"))
    about = table.locator("button[aria-pressed=false]").first.get_attribute("aria-label")
    other = table.get_by_role("button", name=about, exact=True)
    other.click()
    expect(other).to_have_attribute("aria-pressed", "true")
    shown(page, about)


def test_every_cell_is_reached_by_one_tab_and_arrow_keys(server, page, run):
    page.goto(f"{server.url}/insights?lang=en&run={run}")
    table = page.get_by_role("grid").first
    start = table.locator(PRESSED)
    expect(start).to_have_attribute("tabindex", "0")
    expect(table.locator("button[tabindex='0']")).to_have_count(1)
    before = start.get_attribute("aria-label")
    start.focus()
    for key in "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown":
        page.keyboard.press(key)
    focused = table.locator("button:focus")
    expect(focused).to_have_count(1)
    expect(table.locator("button[tabindex='0']")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    if focused.get_attribute("aria-label") == before:
        page.keyboard.press("ArrowUp")
    about = focused.get_attribute("aria-label")
    assert about != before
    page.keyboard.press("Enter")
    shown(page, about)
    expect(focused).to_have_attribute("aria-label", about)  # the focus stays where it was


def test_the_whole_matrix_is_reached_on_a_narrow_screen_and_the_page_does_not_move_sideways(server, page, run):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{server.url}/insights?lang=zh&run={run}")
    last = page.locator(".tl-matrix").first.locator("tr:last-child button").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    last.click()
    expect(last).to_have_attribute("aria-pressed", "true")
    wait_for(page, "document.documentElement.scrollWidth <= innerWidth")
