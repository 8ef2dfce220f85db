"""No page has a fault that axe-core knows, in either theme, closed or with everything opened."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import wait_for
from playwright.sync_api import Browser, Locator, Page, expect
from real_server import Server, new_context

from pages.measures.clicks import IDLE
from tests.pages.fake_runs import record_finished
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.store.access import Visitor
from tl_core.store.records import Visibility
from tl_core.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = "async () => (await axe.run(document, {rules: {'target-size': {enabled: true}}})).violations"
FOLDED = "[data-testid=stExpander] summary"
POPOVERS = "[data-testid=stPopover] > div > button"
CALM = """() => document.querySelector('%s') && document.getAnimations()
  .every(one => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"""
ASKING = ("experiments?sweep_kind=depth", "experiments?sweep_kind=own")
PAGES = (
    "learn",
    "learn?view=claims",
    "learn?view=clinic",
    "learn?view=code",
    "lab",
    "data",
    "classify",
    "insights",
    "runs",
    "experiments",
    "recipes",
    "classroom",
    *ASKING,
)
IN_THE_DARK = ("lab", "insights")
LIKE_OTHERS = ("learn?view=claims", "learn?view=code", ASKING[1])  # made of the same parts: before a release
FACES = [  # most colours are the same on all pages: in the dark, a few of them are looked at each time
    *(("light", name) for name in PAGES if name not in LIKE_OTHERS),
    *(pytest.param("light", name, marks=pytest.mark.full) for name in LIKE_OTHERS),
    *(("dark", name) for name in IN_THE_DARK),
    *(pytest.param("dark", name, marks=pytest.mark.full) for name in PAGES if name not in IN_THE_DARK),
]

MISSION = """minutes = 1
order = 1

[runs.few]
dataset = "mnist-small"
backbone = "squeezenet"
image_size = 32
per_class = 2
epochs = 2

[[step]]
id = "race"
kind = "run"
runs = ["few"]

[[step]]
id = "check"
kind = "quiz"
choices = ["yes", "no"]
right = "yes"
"""
WORDS = """# Few
What do a few pictures bring?

## runs
- few: Two of each

## race: Race
Go.

## check: One question
Is that so?

- yes: Yes
- no: No

### answer
It is.

## end
It is so.

### limits
One seed.
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server of these tests' own, with a pair of runs that the class sees."""
    started = Server(tmp_path_factory.mktemp("server")).wait()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shared(server) -> str:
    with SqliteStore(server.log.parent) as store:
        spec = plan_run({"epochs": 2})
        run_id = record_finished(store, spec, 0.8, role="run", name="a run", owner="anna")
        record_finished(store, baseline_of(spec), 0.3, role="baseline", name="its twin", owner="anna", twin_id=run_id)
        store.share(run_id, Visibility.CLASS, by=Visitor("anna"))
    return run_id


@pytest.fixture
def visit(chromium: Browser, server, shared, request) -> Iterator:
    context = new_context(chromium, viewport={"width": 1440, "height": 900}, color_scheme=request.param)
    page = context.new_page()

    def visit(name: str) -> Page:
        seen = "" if name.startswith("learn") else f"&run={shared}"  # with a run, Learn leads to the lab
        page.goto(f"{server.url}/{name}{'&' if '?' in name else '?'}lang=en{seen}")
        expect(page).to_have_url(re.compile(re.escape(f"/{name.partition('?')[0]}?")))
        expect(page.get_by_text(phrase("en", "frame.machine", device=""))).to_be_visible()
        page.evaluate(AXE)
        return page

    yield visit
    context.close()


def faults(page: Page) -> list[str]:
    """Returns what is wrong once the page has settled: what is drawn anew has other colours for a moment."""
    for _ in range(5):
        wait_for(page, CALM % IDLE)
        if not (found := page.evaluate(RUN_AXE)):
            break
        page.wait_for_timeout(1000)
    return [f"{fault['id']}: {node['target']} {node['html'][:200]}" for fault in found for node in fault["nodes"]]


def open_all(page: Page) -> None:
    """Unfolds what is folded; what opens may hold more."""
    for folded in page.locator(FOLDED).all():
        folded.click()


@pytest.mark.parametrize(("visit", "name"), FACES, indirect=["visit"])
def test_no_page_has_a_fault_that_axe_knows(visit, name):
    page = visit(name)
    assert faults(page) == []
    open_all(page)
    assert faults(page) == []
    for button in page.locator(POPOVERS).all():
        if button.is_visible():
            _press(button)
            expect(page.get_by_test_id("stPopoverBody")).to_have_attribute("tabindex", "0")
            assert faults(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def _press(button: Locator) -> None:
    button.scroll_into_view_if_needed()
    button.click()


@pytest.fixture
def mission(server) -> Iterator[str]:
    """A mission of a step that trains and one that asks."""
    folder = server.log.parent / "lessons" / "few"
    folder.mkdir(parents=True)
    (folder / "mission.toml").write_text(MISSION)
    for language in LANGUAGES:
        (folder / f"{language}.md").write_text(WORDS)
    yield folder.name
    shutil.rmtree(folder.parent)  # other tests look at who may read what is in the data folder


@pytest.mark.parametrize("visit", ["light"], indirect=True)
def test_no_step_of_a_mission_has_a_fault_that_axe_knows(visit, mission):
    page = visit(f"learn?mission={mission}")
    assert faults(page) == []
    _press(page.locator(".st-key-start button"))
    scored = phrase("en", "learn.scored", accuracy="").strip()
    expect(page.get_by_text(scored)).to_be_visible()
    assert faults(page) == []
    _press(page.locator(".st-key-next button"))
    choices = page.get_by_test_id("stRadio").locator("label")
    expect(choices.last).to_be_visible()
    assert faults(page) == []
    choices.last.click()
    _press(page.locator(".st-key-answer button:enabled"))
    expect(page.get_by_text("It is.")).to_be_visible()
    assert faults(page) == []
