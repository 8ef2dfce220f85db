"""An experiment in a real browser: from its card over a prediction to its answer, with a reload in between."""

import re
from pathlib import Path

import pytest
from patience import wait_for
from playwright.sync_api import Page, expect
from real_server import settle

from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SMALL = "sweep_kind=depth&sweep_dataset=groceries&sweep_backbone=squeezenet&sweep_image_size=64&sweep_seeds=2"
PREDICTION = phrase("en", "sweep.depth.choice.last")
# points of the means that have a value
DRAWN = """[...document.querySelectorAll('.tl-live')].flatMap(node => node._fullData ?? [])
  .filter(trace => trace.uid?.startsWith('mean-')).flatMap(trace => [...trace.y]).filter(y => y !== null).length"""


def say(key: str, **values: object) -> str:
    return phrase("en", f"experiments.{key}", **values)


def test_a_question_is_predicted_measured_and_answered_whatever_is_reloaded(server, page: Page):
    page.goto(f"{server.url}/experiments?lang=en")
    settle(page)
    page.locator(".st-key-card-depth").get_by_role("button", name=say("ask")).click()
    expect(page.get_by_role("radio", name=PREDICTION)).to_be_attached()
    page.goto(f"{server.url}/experiments?lang=en&{SMALL}")
    settle(page)
    start = page.get_by_role("button", name=say("start", n=18))
    expect(start).to_be_disabled()
    page.locator("label").filter(has_text=PREDICTION).click()
    expect(start).to_be_enabled()
    settle(page)
    start.click()
    expect(page).to_have_url(re.compile("sweep=[0-9a-f]{32}"))
    expect(page.get_by_text(PREDICTION)).to_be_visible()
    page.reload()
    expect(page.locator(".st-key-prediction")).to_contain_text(PREDICTION)  # all trials are over
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    wait_for(page, f"{DRAWN} === 9")


def test_its_chart_is_saved_as_a_picture_and_its_link_asks_the_same_again(server, page: Page, tmp_path: Path):
    page.goto(f"{server.url}/experiments?lang=en&sweep_kind=own&sweep_vary=per_class:1,2&sweep_seeds=1")
    settle(page)
    page.get_by_role("button", name=say("start", n=2)).click()
    expect(page.get_by_role("button", name=say("repeat"))).to_be_visible()
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=say("save", format=kind)).click()
        saved.value.save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(begins)
    settle(page)
    page.get_by_role("button", name=say("repeat")).click()
    values = say("values", name=phrase("en", "field.per_class"))
    expect(page.get_by_role("textbox", name=values)).to_have_value("1, 2")
    expect(page.get_by_role("button", name=say("start", n=2))).to_be_enabled()
