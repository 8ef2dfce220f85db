"""A card of the recipes in a real browser: one click trains, and the card shows what came of it."""

import pytest
from playwright.sync_api import expect

from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]


def test_one_click_on_a_card_trains_the_program_and_the_card_then_says_what_mending_brought(server, page):
    for variant in ("mended", "published"):
        page.goto(f"{server.url}/recipes?lang=en")
        line = page.locator(f".st-key-variant-d-{variant}")
        line.get_by_role("button", name=phrase("en", "recipes.run")).click()
        expect(page.get_by_text(phrase("en", "panel.classify"))).to_be_visible()  # it has ended well
        assert "run=" in page.url
    page.goto(f"{server.url}/recipes?lang=en")
    card = page.locator(".st-key-recipe-d")
    expect(card.get_by_role("button", name=phrase("en", "recipes.open"))).to_have_count(2)
    expect(card.get_by_role("status")).to_contain_text("mending brought more than chance can")
