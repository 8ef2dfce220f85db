"""A lesson link in a browser: opened, mended in the address bar, reloaded, and carried to the other pages."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_opened_link_is_mended_in_the_address_and_survives_reloads_and_other_pages(server, page):
    page.goto(f"{server.url}/?v=2&backbone=vgg16&n_frozen=900&seed=abc&lock=backbone&lang=en")
    expect(page.get_by_text("the usual value is set instead: Seed.")).to_be_visible()
    expect(page).to_have_url(re.compile("n_frozen=5&"))
    assert "seed" not in page.url
    page.reload()
    expect(page.get_by_text("Set by the instructor: Backbone.")).to_be_visible()
    expect(page.get_by_text("the usual value is set instead")).to_have_count(0)
    page.get_by_role("link", name="Runs").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(page).to_have_url(re.compile("runs.*lock=backbone"))
    page.reload()
    page.get_by_role("link", name="Lab").first.click()
    expect(page.get_by_role("slider").first).to_have_value("5")
