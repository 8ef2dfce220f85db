"""Files on their way to a real server: whose they are, where they lie, and what a browser shows of a refusal."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from patience import PATIENCE_S
from playwright.sync_api import BrowserContext, expect
from real_server import Server, new_context

from pages.measures.clicks import IDLE
from tl_core.engine.imports.waiting_files import LIMITS
from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

N_BYTES = 49_000_000  # of one file, which may have 50


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> list[Path]:
    """Files with nothing but a size, one more than a visit may have waiting."""
    paths = [tmp_path_factory.mktemp("sent") / f"{number}.jpg" for number in range(LIMITS["visit"] // N_BYTES + 1)]
    for path in paths:
        with open(path, "wb") as file:
            file.truncate(N_BYTES)
    return paths


def waiting(server: Server) -> list[Path]:
    return list((server.log.parent / "uploads").glob("sent-*/file"))


def ask(method: str, url: str, context: BrowserContext) -> int:
    """Returns how a request with all that a browser knows is answered."""
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-Xsrftoken": cookies["_streamlit_xsrf"],
        "Origin": url.partition("/_stcore")[0],
    }
    asked = urllib.request.Request(url, b"x" if method == "PUT" else None, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_an_upload_is_its_owners_alone_and_lies_on_disk_until_it_is_taken_back(server, page, chromium, tmp_path):
    before = set(waiting(server))  # of other tests, whose visits have just ended
    page.goto(f"{server.url}/data?lang=en")
    page.locator(".st-key-data-bring summary").click()
    (tmp_path / "some.zip").write_bytes(b"x" * 1000)
    with page.expect_request(lambda asked: "/upload_file/" in asked.url and asked.method == "PUT") as sent:
        page.locator("input[type=file]").first.set_input_files(tmp_path / "some.zip")
    expect(page.get_by_label(phrase("en", "data.name"), exact=True)).to_be_visible()
    (path,) = set(waiting(server)) - before
    assert (path.stat().st_size, path.stat().st_mode & 0o777) == (1000, 0o600)

    other = new_context(chromium)
    stranger = other.new_page()
    stranger.goto(f"{server.url}/data?lang=en")
    stranger.locator(".st-key-data-bring summary").wait_for()
    assert ask("PUT", sent.value.url, other) == ask("DELETE", sent.value.url, other) == 403
    other.close()
    assert path in waiting(server)
    assert ask("DELETE", sent.value.url, page.context) == 204
    assert path not in waiting(server)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.full)])
def test_a_visit_that_sends_too_much_is_told_so_in_its_language(server, page, large, language):
    page.goto(f"{server.url}/data?lang={language}")
    page.locator(".st-key-data-bring summary").click()
    page.locator(IDLE).wait_for()  # a press on what is drawn again is lost
    page.get_by_role("radio", name=phrase(language, "data.way_files"), exact=True).click()
    expect(page.get_by_text(phrase(language, "data.way_files_about"))).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(large)
    expect(page.get_by_text(phrase(language, "errors.visit_uploads", allowed_mb=500))).to_be_visible()
