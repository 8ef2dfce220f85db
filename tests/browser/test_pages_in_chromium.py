"""Every page in a real browser: cold links, both languages, narrow and wide."""

import pytest
from patience import wait_for
from playwright.sync_api import expect

from tl_core.phrases import phrase

pytestmark = pytest.mark.browser

TITLES = {
    "": ("Learn", "学习"),
    "lab": ("Lab", "实验室"),
    "data": ("Data", "数据"),
    "classify": ("Classify", "图片分类"),
    "insights": ("Insights", "深入分析"),
    "runs": ("Runs", "训练运行"),
    "experiments": ("Experiments", "实验"),
    "learn": ("Learn", "学习"),
    "recipes": ("Recipes", "经典程序"),
    "classroom": ("Class", "课堂"),
}


# elements that reach out of the window, once it has its width
TOO_WIDE = """[...document.querySelectorAll('[data-testid=stMain] :is(button, p, h1, h2, img, label)')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.offsetParent)"""


@pytest.mark.parametrize("path", TITLES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_cold_deep_link_shows_the_page_inside_the_frame(server, page, path, language):
    page.goto(f"{server.url}/{path}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.get_by_role("heading", level=1).inner_text() == TITLES[path][language == "zh"]
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(len(TITLES) - 1)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("path", list(TITLES)[1:])
def test_nothing_is_cut_off_at_the_side(server, page, path):
    page.goto(f"{server.url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    for width in 390, 768, 1440:
        page.set_viewport_size({"width": width, "height": 900})
        wait_for(page, f"innerWidth === {width} && document.documentElement.scrollWidth <= innerWidth")
        wait_for(page, f"{TOO_WIDE}.length === 0")


def test_an_unknown_run_in_the_address_gets_one_sentence_and_the_lab_stays_usable(server, page):
    page.goto(f"{server.url}/?run=../../etc/passwd")
    expect(page.get_by_text("There is no single run")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()


def test_the_freeze_slider_moves_the_cut_on_the_layer_map(server, page):
    page.goto(f"{server.url}/lab")
    count = "role => document.querySelectorAll(`.tl-blocks [data-role=${role}]`).length"
    wait_for(page, f"({count})('frozen') === 19")
    page.get_by_role("slider", name="3 · Frozen blocks").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    wait_for(page, f"({count})('frozen') === 17 && ({count})('trainable') === 2")
    expect(page.get_by_text("Frozen up to and including block_15")).to_be_visible()


def test_a_press_on_the_layer_map_frees_a_block_and_freezes_it_again_by_the_keyboard_alone(server, page):
    page.goto(f"{server.url}/lab?lang=en")
    block, slider = page.get_by_role("button", name="block_14:"), page.get_by_role("slider", name="3 · Frozen blocks")
    expect(block).to_have_attribute("aria-pressed", "true")
    block.click()
    expect(block).to_have_attribute("aria-pressed", "false")
    expect(slider).to_have_value("15")
    expect(
        page.get_by_text("The first 15 blocks are frozen and, behind the cut, block_15, block_16, top")
    ).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="block_15:")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="block_15:")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("behind the cut, block_16, top")).to_be_visible()
    expect(page.get_by_role("button", name="block_15:")).to_be_focused()  # and can go on from there
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(slider).to_have_value("16")
    page.set_viewport_size({"width": 390, "height": 900})
    wait_for(page, "document.documentElement.scrollWidth <= innerWidth")


def test_one_press_changes_the_face_of_the_page_and_it_stays_so(server, page):
    page.emulate_media(color_scheme="light")
    page.goto(f"{server.url}/lab")
    paper = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    expect(page.get_by_role("slider", name="3 · Frozen blocks")).to_be_visible()
    light = page.evaluate(paper)
    page.get_by_role("button", name=phrase("en", "frame.dark"), exact=True).click()
    wait_for(page, f"light => ({paper})() !== light", light)
    back = page.get_by_role("button", name=phrase("en", "frame.light"), exact=True)
    expect(back).to_be_visible()
    expect(page.get_by_test_id("stMainMenuPopover")).to_have_count(0)
    page.reload()
    expect(back).to_be_visible()
    back.click()
    wait_for(page, f"light => ({paper})() === light", light)
