"""A real server on a port of its own, and Chromium to visit it."""

import shutil
from collections.abc import Iterator
from contextlib import suppress

import pytest
from patience import PATIENCE_MS
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright
from real_server import Server, new_context, rest

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server")).wait()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one file: as long as it is there, its driver's event loop runs in this thread.

    It clicks once a page rests, as people do.
    """
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        click = Locator.click
        patch.setattr(Locator, "click", lambda self, **options: (rest(self.page), click(self, **options))[1])
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = new_context(chromium, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    complaints = []
    context.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    yield context.new_page()
    context.close()
    assert complaints == []  # that the page wants what the server's headers forbid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Adds to a failure what the pages show."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("chromium")
    if report.failed and browser is not None:
        for page in [page for context in browser.contexts for page in context.pages]:
            with suppress(Error):  # a page that hangs or is closed
                report.sections.append((page.url, page.evaluate("document.body.innerText")[-4_000:]))
    return report
