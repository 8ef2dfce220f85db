"""The live camera in a real browser, with a camera that plays a moving picture."""

import re

import pytest
from patience import until, wait_for
from playwright.sync_api import expect
from real_server import settle

from tests.browser.test_data_in_chromium import KEEP_STREAMS
from tests.bundles.bundle_files import head, write_run
from tests.pages.fake_runs import record_finished
from tl_core.phrases import phrase
from tl_core.planning.plan import baseline_of
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.records import Visibility
from tl_core.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=2, threads=1)


@pytest.fixture
def shared(server) -> str:
    """A run and another one for its twin, shared by link; returns the id of the first."""
    with SqliteStore(server.log.parent) as store:
        ids = [record_finished(store, SPEC, 0.8, role="run", name="camera run", owner="anna")]
        spec = baseline_of(SPEC)
        ids += [record_finished(store, spec, 0.3, role="baseline", name="twin", owner="anna", twin_id=ids[0])]
        for seed, id_ in enumerate(ids):
            write_run(store.run_folder(id_), head(14, seed), spec=SPEC, n_classes=14)
            store.share(id_, Visibility.LINK, by=Visitor("anna"))
    return ids[0]


def test_the_live_camera_is_judged_again_and_again_until_it_is_stopped(server, shared, page):
    page.add_init_script(KEEP_STREAMS)
    page.goto(f"{server.url}/classify?lang=en&run={shared}")
    settle(page)
    page.get_by_text(phrase("en", "classify.webcam"), exact=True).click()
    page.get_by_role("button", name=phrase("en", "webcam.start")).click()
    said = page.locator(".tl-webcam [role=status]")
    expect(said).to_have_text(re.compile(r"^[0-9.]+ answers a second$"))
    expect(page.locator(".tl-webcam section")).to_have_count(2)
    expect(page.locator(".tl-webcam section.run li")).to_have_count(3)
    seen = {said.inner_text()}
    until("its pace is measured anew", lambda: seen.add(said.inner_text()) or len(seen) > 1)
    page.get_by_role("button", name=phrase("en", "webcam.stop")).click()
    wait_for(page, "streams[0].getTracks().every(track => track.readyState === 'ended')")  # nobody is seen
    expect(page.get_by_role("button", name=phrase("en", "webcam.start"))).to_be_visible()
