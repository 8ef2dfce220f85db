"""Feature spaces in a real browser: pointed at, pressed, settling; and a picture that is unlike anything a run saw."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_server import Server, settle

from tests.bundles.bundle_files import head, write_run
from tests.pages.fake_runs import record_finished
from tl_core.evaluation.insight.outputs import forget_outputs
from tl_core.phrases import phrase
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import Visibility
from tl_core.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=2, per_class=10, threads=1)
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = "async () => (await axe.run(document, {rules: {'target-size': {enabled: true}}})).violations"
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CAT = 5  # among the photographs for fruit
POINT = ".tl-live .point"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server")).wait()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def run(server) -> str:
    """A run whose head was drawn by lot; its features are those of the backbone."""
    with SqliteStore(server.log.parent) as store:
        id_ = record_finished(store, SPEC, 0.5, role="run", name="probe")
        write_run(store.run_folder(id_), head(14, 0), spec=SPEC, n_classes=14)
        forget_outputs(store.run_folder(id_))  # made up, and not of these weights
        store.share(id_, Visibility.CLASS, by=OPERATOR)
    return id_


def said(key: str, **values: object) -> str:
    return phrase("en", key, **values)


def open_spaces(page: Page, server: Server, run: str) -> None:
    page.goto(f"{server.url}/insights?lang=en&run={run}")
    settle(page)
    page.get_by_role("radio", name=said("insights.section_features"), exact=True).click()
    page.locator(POINT).first.wait_for()


def test_a_point_shows_its_picture_and_a_press_keeps_it(server, run, page):
    open_spaces(page, server, run)
    point = page.locator(POINT).nth(30)
    with page.expect_response(lambda answer: "/media/" in answer.url) as fetched:
        point.hover(force=True)
    assert fetched.value.status == 200
    expect(page.locator(".tl-glimpse")).to_have_count(1)
    expect(page.get_by_text(said("insights.features_press"))).to_be_visible()
    point.click(force=True)
    expect(page.locator(".tl-gallery img")).to_have_count(1)
    expect(page.get_by_text(said("insights.features_press"))).to_have_count(0)
    page.mouse.move(1, 1)
    expect(page.locator(".tl-glimpse")).to_have_count(0)
    page.evaluate(AXE)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in page.evaluate(RUN_AXE)] == []


def test_tsne_settles_and_nothing_is_cut_off_on_a_phone(server, run, page):
    page.set_viewport_size({"width": 390, "height": 844})
    open_spaces(page, server, run)
    page.get_by_role("radio", name=said("insights.features_method_tsne"), exact=True).click()
    expect(page.get_by_text(said("insights.features_iteration", n=1000))).to_be_visible()
    assert page.locator(POINT).count() > 600
    assert page.evaluate(WIDER) <= 0


def test_a_picture_is_measured_and_how_often_that_errs_is_said(server, run, page):
    page.goto(f"{server.url}/classify?lang=en&run={run}")
    page.get_by_role("button", name=said("classify.unlike_check")).click()
    errs = said("classify.unlike_error", rate="#", n=500, low="#", high="#").partition("#")[0]
    expect(page.get_by_text(errs)).to_be_visible()
    page.locator(".tl-gallery button").nth(CAT).click()
    expect(page.get_by_text(said("classify.unlike_yes", share="#").partition("#")[0])).to_be_visible()
