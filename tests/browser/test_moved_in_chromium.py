"""What moved, of a run that was really trained, in a real browser."""

import json
import os
import subprocess
import sys

import pytest
from patience import wait_for
from playwright.sync_api import expect
from real_server import Server, settle

from tl_core.paths import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]
TRAIN = "train --dataset groceries --backbone squeezenet --image-size 64 --per-class 2 --epochs 2 --freeze 7 --phases 1"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A server with a finished run, whose id comes with it."""
    home = tmp_path_factory.mktemp("moved")
    done = subprocess.run(
        [sys.executable, "-m", "tl_core", *TRAIN.split(), "--json"],
        cwd=PROJECT,
        env={**os.environ, "TL_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    started = next(said for line in done.stdout.splitlines() if "run_started" in line for said in [json.loads(line)])
    server = Server(home).wait()
    yield server, started["run_id"]
    server.stop()


def test_blocks_are_drawn_in_the_geometry_of_the_layer_map_with_their_gradients(trained, page):
    server, run_id = trained
    page.goto(f"{server.url}/insights?run={run_id}&lang=en")
    settle(page)
    page.get_by_role("radio", name="What moved").or_(page.get_by_role("button", name="What moved")).first.click()
    expect(page.get_by_text("Least like before training")).to_be_visible()
    widths = """uid => [...document.querySelectorAll('.tl-live')].flatMap(n => n._fullData ?? [])
                .filter(t => t.uid === uid).flatMap(t => [...(t.width ?? [])]).length"""
    wait_for(page, f"({widths})('relative_change-frozen') === 7")
    wait_for(page, f"({widths})('cka-trainable') === 2")
    norms = (
        "[...document.querySelectorAll('.tl-live')].flatMap(n => n._fullData ?? []).filter(t => /^norm-/.test(t.uid))"
    )
    wait_for(page, f"{norms}.length === 3 && {norms}.every(t => t.y.length === 2)")
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("cell", name="0, frozen")).to_have_count(7)
    page.set_viewport_size({"width": 390, "height": 900})
    wait_for(page, "document.documentElement.scrollWidth <= innerWidth")
    assert page.get_by_test_id("stException").count() == 0
