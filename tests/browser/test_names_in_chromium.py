"""Four hostile names on every page that shows them; `python -m tests.proofs names` looks at all, in both languages."""

import urllib.error
import urllib.request

import pytest
from patience import PATIENCE_S

from tests.proofs.finding import unmet
from tests.proofs.names import NAMES, Watch, clear, findings, settle, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def watch(server, chromium) -> Watch:
    """What a browser saw that was led past four names."""
    home, watch = server.log.parent, Watch()
    guest = settle(home, NAMES[:4])
    visit(chromium, server.url, home, guest, "zh", watch, n_renamed=1)
    clear(home, guest)
    return watch


def answer(method: str, url: str, **headers: str) -> tuple[int, str]:
    """Returns status and kind of what the server answers to somebody without the visitor's cookie."""
    asked = urllib.request.Request(url, method=method, headers=headers, data=b"x" if method == "PUT" else None)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answered:
            return answered.status, answered.headers.get_content_type()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type()


def test_hostile_names_are_letters_and_nothing_else(watch):  # U05, Z10
    assert unmet(findings(watch, 4)) == []


def test_nobody_reads_an_upload_and_no_other_site_changes_it_even_where_its_address_is_known(watch):
    assert len(watch.uploads) >= 4
    for url in watch.uploads:
        assert answer("GET", url) == (200, "text/html")  # the lab's empty page, as at any address that is none
        assert answer("PUT", url)[0] == answer("DELETE", url)[0] == 403


def test_a_guessed_session_takes_no_upload_and_a_guessed_picture_is_not_there(server):
    with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=PATIENCE_S) as health:
        cookie = health.headers["set-cookie"].partition(";")[0]
    mine = {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
    guessed = f"{server.url}/_stcore/upload_file/00000000-0000-4000-8000-000000000000/1"
    assert answer("PUT", guessed, **mine)[0] == 403
    assert answer("GET", guessed, **mine) == (200, "text/html")
    assert answer("GET", f"{server.url}/media/{'0' * 56}.jpg")[0] == 404
