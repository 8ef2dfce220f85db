"""(f) From the click on "Train" to the first point on the screen, and to the finished curve, in Chromium.

`python -m pages.measures.clicks` prints one JSON object. The first run computes the features of 1,000 training pictures
(those of validation and test as well); the next ones, with another dropout in the head, find them in the cache.
"""

import argparse
import json
import re
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Error, Page, sync_playwright

from pages.measures.served import served
from tl_core.phrases import phrase

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
LIMIT_MS = 300_000
SETTLE_MS = 300  # until a change has set the script running
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
N_EPOCHS = 10
# the number of points of one trace, in whichever chart of the page it is
POINTS = """([uid, wanted]) => [...document.querySelectorAll('.tl-live')].flatMap(node => node._fullData ?? [])
            .some(trace => trace.uid === uid && (trace.x?.length ?? 0) >= wanted)"""


def measure(page: Page, address: str, per_class: str, repeat: int) -> dict:
    """Clicks, and returns the seconds of the cold run and of the warm ones."""
    page.goto(address)
    page.get_by_role("button", name=phrase("en", "lab.train"), exact=True).wait_for()
    _settle(page)
    _choose(page, "lab.data", phrase("en", "dataset.cifar10-small.name"))
    page.get_by_text(phrase("en", "lab.more")).click()
    _fill(page, "field.epochs", str(N_EPOCHS))
    _choose(page, "field.per_class", per_class)
    page.get_by_text(phrase("en", "lab.baseline"), exact=True).click()
    _settle(page)
    return {"cold": _click(page, "0"), "warm": [_click(page, f"0.{tenths}") for tenths in range(1, repeat + 1)]}


def _click(page: Page, dropout: str) -> dict:
    """Trains a head with this dropout; returns the seconds from the click to the first and to the last point."""
    _fill(page, "field.dropout", dropout)
    before = page.url
    began_s = time.perf_counter()
    page.get_by_role("button", name=phrase("en", "lab.train"), exact=True).click()
    page.wait_for_function("before => location.href !== before && /run=/.test(location.href)", arg=before)
    run_id = re.findall("run=([0-9a-f]{32})", page.url)[0]
    page.wait_for_function(POINTS, arg=[f"{run_id}-train", 1])
    first_s = time.perf_counter() - began_s
    page.wait_for_function(POINTS, arg=[f"{run_id}-validation", N_EPOCHS])
    return {"first_point_s": first_s, "curve_s": time.perf_counter() - began_s}


def _fill(page: Page, label: str, number: str) -> None:
    field = page.get_by_label(phrase("en", label), exact=True)
    field.fill(number)
    field.press("Enter")
    _settle(page)


def _choose(page: Page, label: str, option: str) -> None:
    chosen = page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).first
    while not chosen.is_visible():  # a redraw in the wrong moment closes the list again
        page.get_by_role("combobox", name=re.compile(f".*{re.escape(phrase('en', label))}")).click()
        page.wait_for_timeout(SETTLE_MS)
    chosen.click()
    _settle(page)


def _settle(page: Page) -> None:
    """Waits until the page has taken in a change."""
    page.wait_for_timeout(SETTLE_MS)
    page.wait_for_selector(IDLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-class", default="100")
    parser.add_argument("--repeat", type=int, default=5, choices=range(1, 10))
    options = parser.parse_args()
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error:  # no browser, neither the system's nor Playwright's own
            print(json.dumps({"is_missing": "chromium"}))
            return
        with served(Path(home)) as (port, _):
            page = browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 1000}, locale="en-GB")
            page.set_default_timeout(LIMIT_MS)
            print(json.dumps(measure(page, f"http://localhost:{port}/lab", options.per_class, options.repeat)))


if __name__ == "__main__":
    main()
