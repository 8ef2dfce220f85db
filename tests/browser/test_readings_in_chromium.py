"""Folders that can be understood in two ways: a person looks at both, chooses, and gets the classes that were shown.

Needs `read_layout` to see that the same names under two other folders are no clear case.
"""

from pathlib import Path

import pytest
from patience import wait_for
from playwright.sync_api import Browser, Page, expect
from real_server import Server, new_context

from pages.measures.clicks import IDLE
from tests.ingest.pictures import Tree, encoded, on_disk, pattern, zipped
from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = "async () => (await axe.run(document, {rules: {'target-size': {enabled: true}}})).violations"
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def unclear() -> Tree:
    """Returns cups and pens, photographed in the morning and in the evening."""
    return {
        f"things/{time}/{thing}/{at}.jpg": encoded(pattern(100 * place + at, 200), "JPEG", quality=90)
        for place, (time, thing) in enumerate(
            (time, thing) for time in ("morning", "evening") for thing in ("cup", "pen")
        )
        for at in range(8)
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Server:
    """A server whose operator allows imports from a folder with such a tree."""
    allowed = on_disk(tmp_path_factory.mktemp("allowed"), unclear())
    started = Server(tmp_path_factory.mktemp("server"), TL_IMPORT_FOLDER=str(allowed)).wait()
    yield started
    started.stop()


def said(key: str, language: str = "en", **values: object) -> str:
    return phrase(language, key, **values)


def bring(page: Page, lab: Server, way: str, path: Path, language: str = "en") -> None:
    """Brings the tree in one of the ways, and waits for the question."""
    page.goto(f"{lab.url}/data?lang={language}")
    page.locator(".tl-gallery button").first.wait_for()
    page.locator(".st-key-data-bring summary").click()
    page.get_by_role("radio", name=said(f"data.way_{way}", language), exact=True).click()
    expect(page.get_by_text(said(f"data.way_{way}_about", language))).to_be_visible()
    if way != "server":
        page.locator("input[type=file]").first.set_input_files(path)
    button = page.get_by_role("button", name=said("data.take_in", language), exact=True)
    expect(button).to_be_visible()
    button.click()
    expect(page.locator(".tl-examples")).to_have_count(2)
    page.locator(IDLE).wait_for()


def reading_of(page: Page, name: str):
    """Returns the card of the reading that shows a class."""
    return page.locator("[class*=st-key-reading-]").filter(has=page.locator(".tl-examples b", has_text=name))


@pytest.fixture
def brought(tmp_path) -> dict[str, Path]:
    return {
        "zip": zipped(tmp_path / "things.zip", unclear()),
        "folder": on_disk(tmp_path / "tree", unclear()) / "things",
    }


@pytest.mark.parametrize("way", ["zip", pytest.param("folder", marks=pytest.mark.full), "server"])
def test_every_way_in_leads_to_the_question_and_the_chosen_classes_are_those_of_the_data_set(lab, page, brought, way):
    bring(page, lab, way, brought.get(way, Path()))
    chosen = reading_of(page, "morning")
    expect(chosen.locator("img")).to_have_count(6)
    wait_for(page, "() => [...document.querySelectorAll('.tl-examples img')].every(one => one.naturalWidth === 96)")
    button = chosen.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    content = said(
        "note.content", n=2, splits="training, validation and test", classes="evening, morning", n_pictures=32
    )
    expect(page.get_by_text(content).first).to_be_visible()
    expect(page.locator(".tl-examples")).to_have_count(0)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2")


def test_a_question_is_still_there_when_the_page_is_opened_again_and_can_be_cancelled(lab, page, brought):
    bring(page, lab, "zip", brought["zip"])
    page.reload()
    expect(page.locator(".tl-examples")).to_have_count(2)
    page.locator(IDLE).wait_for()
    page.locator("[class*=st-key-forget-]").get_by_role("button").click()
    expect(page.get_by_text(said("data.import_cancelled", name="things"))).to_be_visible()
    expect(page.locator(".tl-examples")).to_have_count(0)
    assert not list((lab.log.parent / "uploads").glob("import-*"))


@pytest.mark.parametrize(
    ("width", "language", "theme"),
    [
        (1440, "en", "light"),
        (390, "zh", "dark"),
        pytest.param(1440, "en", "dark", marks=pytest.mark.full),
        pytest.param(390, "zh", "light", marks=pytest.mark.full),
    ],
)
def test_the_question_has_no_fault_that_axe_knows_and_fits_a_telephone(
    lab, chromium: Browser, brought, theme, width, language
):
    context = new_context(chromium, viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    bring(page, lab, "zip", brought["zip"], language)
    page.evaluate(AXE)
    page.wait_for_timeout(1000)  # what is drawn anew has other colours for a moment
    found = [f"{fault['id']}: {node['html'][:200]}" for fault in page.evaluate(RUN_AXE) for node in fault["nodes"]]
    assert found == []
    assert page.evaluate(WIDER) <= 0
    context.close()
