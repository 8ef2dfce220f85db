"""An experiment in a real browser: from its card over a prediction to its answer, with a reload in between."""

import re
from pathlib import Path

import pytest
from patience import wait_for
from playwright.sync_api import Browser, Page, expect
from real_server import new_context, settle

from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SMALL = "sweep_kind=depth&sweep_dataset=groceries&sweep_backbone=squeezenet&sweep_image_size=64&sweep_seeds=2"
TINY = "sweep_kind=own&backbone=squeezenet&image_size=64&epochs=1"
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
    expect(page.locator(".st-key-prediction")).to_contain_text(PREDICTION)
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


def test_a_curve_is_sketched_by_a_stroke_and_mended_by_keys(server, page: Page):
    page.goto(f"{server.url}/experiments?lang=en&{SMALL}")
    settle(page)
    page.get_by_role("button", name=say("sketch_instead")).click()
    points = page.locator(".tl-sketch circle")
    expect(points).to_have_count(9)
    settle(page)
    start = page.get_by_role("button", name=say("start", n=18))
    expect(start).to_be_disabled()
    chart = page.locator(".tl-sketch").bounding_box()
    assert chart is not None
    left, middle, right = chart["x"] + 50, chart["y"] + 110, chart["x"] + chart["width"] - 20
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(right, middle, steps=40)
    page.mouse.up()
    expect(start).to_be_enabled()
    before = int(points.nth(2).get_attribute("aria-valuenow") or 0)
    points.nth(2).focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(points.nth(2)).to_have_attribute("aria-valuenow", str(before + 9))
    expect(points.nth(3)).to_be_focused()
    settle(page)
    expect(points.nth(2)).to_have_attribute("aria-valuenow", str(before + 9))


@pytest.mark.full
def test_two_visitors_split_an_experiment_and_both_see_the_curve_grow(server, page: Page, chromium: Browser):
    page.goto(f"{server.url}/experiments?lang=en&{TINY}&sweep_vary=per_class:3,4&sweep_seeds=1")
    settle(page)
    page.get_by_role("button", name=say("offer")).click()
    expect(page).to_have_url(re.compile("sweep=[0-9a-f]{32}"))
    expect(page.get_by_test_id("stProgress")).to_contain_text(progress(done=0, busy=0, free=2))
    context = new_context(chromium)
    other = context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name=say("take"), exact=True).click()
    expect(page.get_by_test_id("stProgress")).to_contain_text(progress(done=1, busy=0, free=1))
    page.get_by_role("button", name=say("take"), exact=True).click()
    for visitor in (page, other):
        expect(visitor.get_by_role("button", name=say("repeat"))).to_be_visible()
        wait_for(visitor, f"{DRAWN} === 2")
    expect(page.get_by_role("button", name=say("delete"))).to_be_visible()
    expect(other.get_by_role("button", name=say("delete"))).to_have_count(0)
    context.close()


def progress(*, done: int, busy: int, free: int) -> str:
    return say("offer_progress", done=say("done", done=done, n=2), busy=busy, free=free)
