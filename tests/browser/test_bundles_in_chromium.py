"""A trained network goes from one visitor's browser to another's: downloaded, brought in, asked about a picture."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_server import Server

from tests.bundles.bundle_files import head, parts, write_run
from tests.pages.fake_runs import record_finished
from tl_core.bundles.bundle import bundle_bytes
from tl_core.datasets.catalog import FRUITS
from tl_core.phrases import phrase
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.records import RunRecord, Visibility
from tl_core.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=2, threads=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server of these tests' own: what they bring in would stand in the lists of others."""
    started = Server(tmp_path_factory.mktemp("server")).wait()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shared(server) -> list[tuple[RunRecord, bytes]]:
    """Two runs of one shape and name that Anna shares with the class, and what each file must hold."""
    found = []
    with SqliteStore(server.log.parent) as store:
        for seed in range(2):
            id_ = record_finished(store, SPEC, 0.8, role="run", name='猫 "a"; b\\c', owner="anna")
            write_run(store.run_folder(id_), head(14, seed), spec=SPEC, n_classes=14)
            record = store.share(id_, Visibility.CLASS, by=Visitor("anna"))
            found.append((record, bundle_bytes(store.run_folder(id_), record, FRUITS)))
    return found


def wait_for_worker(page: Page, url: str) -> None:
    """Waits until no page draws itself again because the worker is there: Streamlit loses what a button asks for then.

    It empties its queue of answers where a run of the script begins, and an answer to a download button is in there.
    """
    page.goto(f"{url}/?lang=en")
    expect(page.get_by_text(re.compile("^" + phrase("en", "frame.machine", device="")))).to_be_visible()


def downloaded(page: Page, url: str, record: RunRecord, folder: Path) -> Path:
    page.goto(f"{url}/?run={record.id}&lang=en")
    with page.expect_download() as caught:
        page.get_by_role("button", name=phrase("en", "bundle.download_run")).click()
    path = folder / caught.value.suggested_filename
    caught.value.save_as(path)
    return path


def test_a_classmate_downloads_a_network_brings_it_in_and_classifies(server, page, shared, tmp_path):  # M07, M08
    wait_for_worker(page, server.url)
    paths = [downloaded(page, server.url, record, tmp_path) for record, _ in shared]
    for path, (record, expected) in zip(paths, shared, strict=True):
        assert path.name == f"猫-a-b-c-{record.id[:12]}.safetensors"
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(expected).digest()
    assert parts(paths[0].read_bytes())[1] != parts(paths[1].read_bytes())[1]

    page.goto(f"{server.url}/classify?lang=en")
    page.get_by_role("button", name=phrase("en", "bundle.bring")).click()
    expect(page.get_by_text(phrase("en", "bundle.bring_about"))).to_be_visible()
    page.locator(".st-key-bundle-field input[type=file]").set_input_files(
        {"name": "猫.keras", "mimeType": "application/zip", "buffer": b"\x80\x04cos\nsystem\n"}
    )
    expect(page.get_by_text("Python pickle")).to_be_visible()
    page.locator(".st-key-bundle-field input[type=file]").set_input_files(paths[0])
    expect(page.locator(".st-key-bundle-field")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"^(" + "|".join(FRUITS) + r") · \d+%")).first).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    taken = re.search("run=([0-9a-f]{32})", page.url)[1]
    assert taken not in [record.id for record, _ in shared]

    page.goto(f"{server.url}/?run={taken}&lang=en")
    expect(page.get_by_text("According to its file, it got 80% of its test pictures right")).to_be_visible()
    expect(page.get_by_text("0 epochs")).to_have_count(0)
