"""A mission in a real browser, with real runs: from the newcomer's button to the sentence at the end."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_server import rest, settle

from tl_core.lessons.catalog import lessons
from tl_core.phrases import LANGUAGES, phrase

pytestmark = pytest.mark.browser

PLAN = """minutes = 1
order = 1
conclusion = "more"

[runs.few]
dataset = "mnist-small"
backbone = "squeezenet"
image_size = 32
per_class = 2
head = "logistic"
logistic_c = 0.01

[runs.many]
dataset = "mnist-small"
backbone = "squeezenet"
image_size = 32
per_class = 50
epochs = 40

[measures.more]
kind = "best"
runs = ["few", "many"]

[[step]]
id = "bet"
kind = "predict"
form = "choice"
measure = "more"

[[step]]
id = "race"
kind = "run"
runs = ["few", "many"]

[[step]]
id = "results"
kind = "look"
show = "results"
runs = ["few", "many"]

[[step]]
id = "why"
kind = "explain"
"""
WORDS = """# Few or many
What do more pictures bring?

## runs
- few: Two of each
- many: Fifty of each

## bet: Bet
Which is better?

- noise: Neither

## race: Race
Go.

## results: Results
Few {few.test_accuracy}, many {many.test_accuracy}.

## why: Why
Why?

### answer
The model answer.

## end
- few: Few were better.
- many: Many were better.
- noise: Neither was better.

### limits
One seed.
"""


@pytest.fixture
def tiny(server) -> Iterator[str]:
    folder = Path(server.log.parent) / "lessons" / "few-or-many"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mission.toml").write_text(PLAN)
    for language in LANGUAGES:
        (folder / f"{language}.md").write_text(WORDS)
    yield folder.name
    shutil.rmtree(folder.parent)  # other tests look at who may read what is in the data folder


def press(page: Page, key: str) -> None:
    button = page.locator(f".st-key-{key} button")
    expect(button).to_be_enabled()
    button.click()


def choose(page: Page, words: str) -> None:
    page.get_by_test_id("stRadio").locator("label").filter(has_text=words).last.click()


def test_a_mission_is_done_with_real_runs_and_survives_reloads(server, page: Page, tiny):
    page.goto(f"{server.url}/learn?lang=en&mission={tiny}")
    settle(page)
    choose(page, "Fifty of each")
    press(page, "lock")
    press(page, "start")
    expect(page.locator(".st-key-line-many")).to_be_visible()
    page.reload()  # while it trains
    settle(page)
    expect(page).to_have_url(re.compile(f"mission={tiny}&step=race"))
    press(page, "next")
    expect(page.locator(".tl-results")).to_be_visible()  # both are over
    expect(page.locator(".st-key-verdict-bet")).to_contain_text(phrase("en", "learn.as_said"))
    press(page, "next")
    page.get_by_role("textbox").fill("because")
    page.get_by_role("textbox").blur()
    press(page, "say")
    expect(page.get_by_text("The model answer.")).to_be_visible()
    press(page, "next")
    expect(page.get_by_text("Many were better.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Many were better.")).to_be_visible()
    page.goto(f"{server.url}/learn?lang=en&mission={tiny}&step=bet")
    expect(page.get_by_text(phrase("en", "learn.locked"))).to_be_visible()  # it stays as it was said


def test_back_leads_from_a_mission_to_the_missions_and_another_page_back_into_it(server, page: Page, tiny):
    page.goto(f"{server.url}/learn?lang=en")
    settle(page)
    press(page, f"open-{tiny}")
    expect(page).to_have_url(re.compile(f"mission={tiny}&step=bet"))
    page.go_back()
    expect(page.locator(f".st-key-open-{tiny}")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/learn?lang=en")
    page.go_forward()
    expect(page.locator(".st-key-mission-steps")).to_be_visible()
    rest(page)
    menu = page.get_by_test_id("stSidebarNav")
    menu.get_by_role("link", name=phrase("en", "data.title")).click()
    expect(page).to_have_url(re.compile("/data"))
    rest(page)
    menu.get_by_role("link", name=phrase("en", "learn.title")).click()
    expect(page.locator(".st-key-mission-steps")).to_be_visible()  # where one left off


@pytest.mark.parametrize("path", ["", "learn"])
def test_the_menu_marks_learn_at_both_of_its_addresses(server, page: Page, path):
    page.goto(f"{server.url}/{path}?lang=en")
    settle(page)
    entries = page.get_by_test_id("stSidebarNav").get_by_role("link", name=phrase("en", "learn.title"))
    expect(entries).to_have_count(1)
    expect(entries).to_have_attribute("aria-current", "page")


@pytest.mark.full
def test_a_newcomer_goes_through_the_first_mission_with_its_defaults(server, page: Page):
    words = lessons().lessons["three-ways"].texts["en"]
    page.goto(f"{server.url}/?lang=en")
    settle(page)
    press(page, "begin-first")
    press(page, "next")
    choose(page, words.run_name("partial"))
    press(page, "lock")
    page.get_by_role("spinbutton").fill("30")
    page.keyboard.press("Enter")
    press(page, "lock")
    press(page, "start")
    press(page, "next")
    choose(page, words.run_name("scratch"))
    press(page, "answer")
    press(page, "next")
    expect(page.locator(".st-key-verdict-bet")).to_contain_text(phrase("en", "learn.as_said"))
    press(page, "next")
    press(page, "next")
    page.get_by_role("textbox").fill("because its blocks know edges")
    page.get_by_role("textbox").blur()
    press(page, "say")
    press(page, "next")
    choose(page, words.choice("check", "features"))
    press(page, "answer")
    press(page, "next")
    expect(page.get_by_text("tuning the last two blocks was best")).to_be_visible()
